"""MDX is read as Markdown; what only a program could make of it is not shown."""

from pathlib import Path

import pytest
from folders import Site

from feedpub.content.reader import convert_to_markdown


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        ('import Chart from "./chart"\n\nText', "\n\nText"),
        ("import {\n  a,\n  b\n} from 'x'\nimport 'y'\n\nText", "\n\n\n\n\n\nText"),
        ("export const f = () => {\n\n  return 1\n}\n\nText", "\n\n\n\n\nText"),
        ("a {/* b\nc */} d", "a \n d"),
        ("<div style={{ color: 'red' }} id=\"x\">a</div>", '<div id="x">a</div>'),
        ("<img src={'a.png'} alt={title} />", '<img src="a.png" />'),
        ("<>a</>", "a"),
        ("`{/* a */}` and `<a b={c}>`", "`{/* a */}` and `<a b={c}>`"),
        ("```js\nimport a from 'b'\n{/* c */}\n```\n\nimport d from 'e'",
         "```js\nimport a from 'b'\n{/* c */}\n```\n\n"),
        ("Text\nimport taxes from the state", "Text\nimport taxes from the state"),
        ("import duties rise\n\nexport of goods", "import duties rise\n\nexport of goods"),
    ],
)  # fmt: skip
def test_what_is_no_text_goes(body: str, markdown: str) -> None:
    """Lines stay lines, and code is left alone."""
    assert markdown == convert_to_markdown(body)


def test_a_post_in_mdx(tmp_path: Path) -> None:
    """Its text is published, its components are told with their lines."""
    site = Site(tmp_path / "site")
    body = 'import Chart from "./c"\n\n{/* todo */}\n\nSome *text*.\n\n<Chart data={[1, 2]} />'
    site.post("a.mdx", body=body)
    site.build()
    (problem,) = map(str, site.check().problems)
    page = (site.public / "posts/a/index.html").read_text(encoding="utf-8")

    assert "Some <em>text</em>." in page
    assert "import" not in page
    assert "todo" not in page
    assert problem.startswith("content/a.mdx:11: <Chart>")
