"""Search in Korean, which finds a word with its particles and endings."""

import json
import re

from sphinx.search import SearchLanguage

PARTICLES = """
은 는 이 가 을 를 의 에 에서 에게 으로 로 서 써 와 과 도 만 까지 부터 보다 처럼
마다 조차 밖에 이나 나 이란 란 이라는 라는 이라고 라고 이며 며 이고 고 들
"""
FORMS = """
입니다 이다 인 일 합니다 하다 하는 한 할 함 해 하면 하여 했습니다 하지 하기 하려면
됩니다 되다 되는 된 될 되면 되어 되었습니다 되지 시킵니다 시키는 시킨 시키면
"""  # of 이다, 하다, 되다 and 시키다
# What follows a noun, the longest first. Of several in a row each is cut.
ENDINGS = sorted((PARTICLES + FORMS).split(), key=len, reverse=True)
WORD = re.compile(r"[가-힣]+|[^\W가-힣]+")
SHORTEST = 2  # syllables of what is left, or 차이 would become 차


class KoreanSearch(SearchLanguage):
    """Words of Hangul without their endings, and all other words as they are."""

    lang = "ko"
    language_name = "Korean"
    js_splitter_code = """
var splitQuery = (query) =>
  query.match(/[가-힣]+|(?:(?![가-힣])[\\p{Letter}\\p{Number}_])+/gu) || [];
"""
    js_stemmer_code = f"""
var Stemmer = function () {{
  const endings = {json.dumps(ENDINGS, ensure_ascii=False)};
  this.stemWord = (word) => {{
    const cut = endings.find(
      (e) => word.endsWith(e) && word.length >= e.length + {SHORTEST});
    return cut ? this.stemWord(word.slice(0, -cut.length)) : word;
  }};
}};
"""

    def split(self, input):
        """Return the words of a text; of 값에서, say, also the syllable 값."""
        words = WORD.findall(input)
        short = [self.stem(word, shortest=1) for word in words]
        return words + [s for s in short if len(s) == 1 and s not in words]

    def stem(self, word, shortest=SHORTEST):
        """Return a word without its endings, as the code for the browser does."""
        for ending in ENDINGS:
            if word.endswith(ending) and len(word) >= len(ending) + shortest:
                return self.stem(word.removesuffix(ending), shortest)
        return word
