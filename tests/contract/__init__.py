"""Each kind against its documents, and all of them against Microsoft's metadata."""

import pytest

pytest.register_assert_rewrite("tests.contract.facts")
