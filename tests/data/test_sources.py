import re
from pathlib import Path

from nlp_helpers.data import sources

PAGE = Path(sources.__file__).parents[3] / "data" / "README.md"


def test_the_page_on_data_lists_every_file():
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    listed = {}
    for section in map(" ".join, map(str.split, sections)):
        fields = dict(re.findall(r"- \*\*(.+?):?\*\*:? ?(.*?)(?= - \*\*|$)", section))
        if fields:
            listed[fields["Below"].split("`")[-2]] = fields
    assert sorted(listed) == sorted(file.path for file in sources.ALL)
    for file in sources.ALL:
        fields = listed[file.path]
        assert fields["Edition"] == file.edition
        assert fields["SHA-256"] == f"`{file.sha256}`"
        package, _, version = file.address.partition("==")
        address = f"`{package}` {version}, " if version else f"]({file.address})"
        assert address in fields["Source"]
        assert fields["Licence"]
