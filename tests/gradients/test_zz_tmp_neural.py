import pytest
from hypothesis import given, strategies as st
from tests.gradients.harness import check
from tests.gradients.neural import CASES
@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data())
def test_g(name, data): check(data.draw(CASES[name]))
