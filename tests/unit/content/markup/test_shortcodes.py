"""Facts about Liquid tags and Hugo shortcodes."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from made import marked

from feedpub.config.schema import MarkdownConfig
from feedpub.content.markup import MarkdownRenderer
from feedpub.content.markup.shortcodes import ShortcodeStash, has_shortcode, remove_stashed_tags


def _shown(body: str) -> tuple[str, int]:
    tags = ShortcodeStash()
    html = tags.unstash(tags.stash(body))
    return html, len(tags.unrendered)


@pytest.mark.parametrize(
    "tag",
    [
        "{% include x.html a=1 %}", "{{ page.title }}", "{{< grid columns=2 >}}", "{{% note %}}",
        "{% notebook x.ipynb cells[1:] %}", "{% include a\n  b=1 %}",
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_left_as_text_and_counted(tag: str) -> None:
    """A tag comes back as it was written, escaped, and counts."""
    html, left = _shown(f"a {tag} b")

    assert f"a {tag} b" == html.replace("&lt;", "<").replace("&gt;", ">")
    assert 1 == left


def test_braces_that_are_no_tag_do_not_count() -> None:
    """TeX and the like may hold two braces."""
    assert (r"x_{{\alpha}} {{}} {% a", 0) == _shown(r"x_{{\alpha}} {{}} {% a")


def test_code_is_left_alone() -> None:
    """In fenced code, and in what the HTML says is code, tags are text that does not count."""
    body = "```\n{{ x }}\n```\n<code>{{ y }}</code> <pre><b>{% z %}</b></pre>"

    assert (body, 0) == _shown(body)


def test_raw_loses_its_marks_and_keeps_its_content() -> None:
    """What stands between raw and endraw is text as written, and does not count."""
    assert ("a {{ x }} b {% c %}", 0) == _shown("a {% raw %}{{ x }} b {% c %}{% endraw %}")
    assert ("{{ x }}", 0) == _shown("{% raw %}{{{% endraw %} x }}")
    assert ("\na\n", 0) == _shown("{% raw %}\na\n{% endraw %}")


def test_raw_around_braces_is_taken_off_in_code_too() -> None:
    """Braces alone between raw and endraw are an escape, in code as elsewhere."""
    body = "```\nA={% raw %}{{{% endraw %} b }}\n```\n`{% raw %}{{{% endraw %}`"

    assert ("```\nA={{ b }}\n```\n`{{`", 0) == _shown(body)


def test_raw_twice_is_shown_the_second_time() -> None:
    """Within raw a second raw is text; a lone endraw is a tag like any other."""
    assert ("{% raw %}", 0) == _shown("{% raw %}{% raw %}{% endraw %}")
    assert ("{% endraw %}", 1) == _shown("{% endraw %}")


def test_comments_go_and_lines_stay() -> None:
    """A Liquid comment leaves only its line ends."""
    assert ("a\n\nb", 0) == _shown("a{% comment %}\nx {{ y }}\n{% endcomment %}b")


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("{{ site.baseurl }}/a", "{site}/a"),
        ("{{site.url}}{{site.baseurl}}/a", "{site}/a"),
        ("{{ site.baseurl }}{% post_url 2020-01-01-x %}", "{post_url}2020-01-01-x"),
        ("{% link _posts/x.md %}#a", "{link}_posts/x.md#a"),
        ('{{ "/a/b" | url }}', "{site}/a/b"),
        ("{{ 'a.css' | relative_url }}", "{site}/a.css"),
        ('{{ "https://x.y/" | absolute_url }}', "https://x.y/"),
        ('{{ "/a" | prepend: site.baseurl }}', "{site}/a"),
        ('{{< ref "x.md" >}}', "{ref}x.md"),
        ('{{< relref path="x" lang="de" >}}#y', "{ref}x#y"),
        ("{{% ref x.md %}}", "{ref}x.md"),
    ],
)
def test_tags_in_urls_are_what_they_mean(written: str, target: str) -> None:
    """In a URL a tag becomes the prefix, or the target, that it stands for."""
    tags = ShortcodeStash()

    assert target == tags.unstash_url(tags.stash(written))
    assert [] == tags.unrendered


def test_tags_in_urls_that_nobody_can_run_count() -> None:
    """In a URL what cannot be run stays as it is, escaped, and counts."""
    tags = ShortcodeStash()

    assert "{{ a | b: &quot;c&quot; }}" == tags.unstash_url(tags.stash('{{ a | b: "c" }}'))
    assert 1 == len(tags.unrendered)


def test_an_encoded_placeholder_is_known() -> None:
    """An engine may percent-encode what stands for a tag in a URL."""
    tags = ShortcodeStash()
    held = tags.stash("{{ site.url }}")

    assert "{site}/x" == tags.unstash_url(quote(held) + "/x")
    assert "{site}/x" == tags.unstash_url(quote(held).lower() + "/x")


def test_a_placeholder_of_an_authors_own_stays_as_it_is() -> None:
    """What stands for a tag cannot be forged: it holds a digest of the body that it stands in."""
    forged = ShortcodeStash().stash("{{ other }}")
    tags = ShortcodeStash()
    held = tags.stash(f"{forged} {{{{ x }}}}")

    assert f"{forged} {{{{ x }}}}" == tags.unstash(held)
    assert quote(forged) == tags.unstash_url(quote(forged))


def test_a_figure_becomes_html() -> None:
    """Hugo's figure shows its picture, link, title and caption, escaped."""
    body = '{{< figure src="a.png" title="T" caption="C & <b>" link="/x" >}}'

    assert (
        (
            '<figure><a href="/x"><img src="a.png" alt="C &amp; &lt;b&gt;"></a>'
            "<figcaption><strong>T</strong> C &amp; &lt;b&gt;</figcaption></figure>"
        ),
        0,
    ) == _shown(body)
    assert ('<figure><img src="a.png" alt="x"></figure>', 0) == _shown(
        "{{< figure src=a.png alt='x' >}}"
    )


def test_films_become_links() -> None:
    """YouTube and Vimeo are linked to, whichever generator's form names them."""
    assert (
        "[https://www.youtube.com/watch?v=abc](https://www.youtube.com/watch?v=abc)"
        == (_shown("{{< youtube abc >}}")[0])
    )
    assert "[T](https://vimeo.com/12)" == _shown('  {{< vimeo id=12 title="T" >}}')[0].strip()
    assert "(https://www.youtube.com/watch?v=a-b)" in _shown("{% youtube a-b %}")[0]


@pytest.mark.parametrize(
    "body",
    ["{% youtube a/b %}", "{{< figure alt=x >}}", "a {% youtube abc %}", "{% youtube abc %} b"],
)
def test_calls_that_lack_something_or_stand_in_a_line_are_text(body: str) -> None:
    """Without a source, or within a sentence, a figure or film is left as text."""
    assert 1 == _shown(body)[1]


def test_highlight_becomes_a_fence_of_as_many_lines() -> None:
    """A block of highlighted code is written as a fence longer than any within it."""
    body = "{% highlight c %}\n```\na\n{% endhighlight %}\nb"

    assert ("````c\n```\na\n````\nb", 0) == _shown(body)


def test_a_body_that_ends_with_a_fence_is_whole() -> None:
    """Nothing is added or lost around fences."""
    assert ("{{ a }}\n```\nx\n```", 1) == _shown("{{ a }}\n```\nx\n```")
    assert ("```\nx\n```\n{{ a }}", 1) == _shown("```\nx\n```\n{{ a }}")


def test_a_summary_has_no_tags() -> None:
    """`without` drops what is held; `any_in` tells whether there may be anything."""
    tags = ShortcodeStash()

    assert "a  b" == remove_stashed_tags(tags.stash("a {{ x }} b"))
    assert has_shortcode("{{")
    assert not has_shortcode("{x}")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("```liquid\n{% raw %}\n<b>{{ x }}</b>\n{% endraw %}\n```", "<b>{{ x }}</b>\n"),
        ("~~~\na {% raw %}{{ b }}{% endraw %} c\n~~~", "a {{ b }} c\n"),
        (
            "{% highlight html %}\n{%- raw -%}\n{{ x }}\n{%- endraw -%}\n{% endhighlight %}",
            "{{ x }}\n",
        ),
        ("- item\n\n  ```\n  {% raw %}\n  {{ x }}\n  {% endraw %}\n  ```", "{{ x }}\n"),
        ("`{% raw %}{{ site.name }}{% endraw %}`", "{{ site.name }}"),
        ("{% raw %}\n```\n{% raw %}\n{{ x }}\n```\n{% endraw %}", "{% raw %}\n{{ x }}\n"),
        ("```\n{% raw %} alone\n```", "{% raw %} alone\n"),
        ("`{% raw %}` and `{% endraw %}`", "{% raw %}{% endraw %}"),
        ("```\n{{</* youtube x */>}}\n{{%/* note */%}}\n```", "{{< youtube x >}}\n{{% note %}}\n"),
        ('`{{</* ref "a.md" */>}}`', '{{< ref "a.md" >}}'),
    ],
)
def test_code_is_shown_as_jekyll_and_hugo_show_it(body: str, shown: str) -> None:
    """Their templates run before Markdown, so that raw and escapes mean the same in code."""
    html = "".join(MarkdownRenderer(MarkdownConfig()).render(body, 1).body.pieces)
    code = re.findall(r"<code[^>]*>(.*?)</code>", html, re.DOTALL)
    assert shown == unescape("".join(re.sub("<[^>]*>", "", each) for each in code))


def test_an_escaped_call_of_hugo_is_shown_unescaped_in_text() -> None:
    """It is text about calls, and does not count as one."""
    assert ("see {{&lt; figure &gt;}}", 0) == _shown("see {{</* figure */>}}")


_RENDERERS = [MarkdownRenderer(MarkdownConfig(engine=engine)) for engine in ("markdown", "comrak")]


@pytest.mark.parametrize("renderer", _RENDERERS)
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ('caption="A *fine* cat, see [it](https://a.example/)"',
         '<figcaption>A <em>fine</em> cat, see <a href="https://a.example/">it</a></figcaption>'),
        ('attr="Photo by Ann" attrlink="https://ann.example/"',
         '<figcaption><a href="https://ann.example/">Photo by Ann</a></figcaption>'),
        ('title="The *cat*" caption="Asleep" attr="**Ann**"',
         "<figcaption><strong>The <em>cat</em></strong> Asleep <strong>Ann</strong></figcaption>"),
        ('attrlink="https://ann.example/"',
         '<figcaption><a href="https://ann.example/">https://ann.example/</a></figcaption>'),
        ('caption="1 < 2 & `x`"', "<figcaption>1 &lt; 2 &amp; <code>x</code></figcaption>"),
    ],
)  # fmt: skip
def test_a_figure_has_its_title_caption_and_credit(
    renderer: MarkdownRenderer, arguments: str, shown: str
) -> None:
    """They are Markdown, as Hugo reads them; the text of the picture is plain."""
    html = marked(renderer.render(f'{{{{< figure src="cat.jpg" {arguments} >}}}}', 1).body)

    assert shown in html
    assert html.startswith("<figure>")
    assert "*" not in html
