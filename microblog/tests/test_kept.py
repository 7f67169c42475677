from django.template import Context, Template
from django.test import override_settings
from django.utils import translation

from microblog.templatetags.kept import render_kept

PAGE = Template('{% kept "test" part %}<{{ part }}|{% live %}{{ token }}{% endlive %}|{{ other }}>{% endkept %}')


def render(**context):
    return PAGE.render(Context(context))


def test_renders_once_for_each_part_and_language():
    assert render(part="a", token=1, other="x") == "<a|1|x>"
    assert render(part="a", token=2, other="y") == "<a|2|x>"
    assert render(part="b", token=3, other="y") == "<b|3|y>"
    with translation.override("es"):
        assert render(part="a", token=4, other="z") == "<a|4|z>"


def test_what_is_live_is_escaped_each_time():
    render(part="c", token="fine", other="")
    assert render(part="c", token="<b>", other="") == "<c|&lt;b&gt;|>"


def test_live_alone_is_just_rendered():
    assert Template("{% live %}{{ x }}{% endlive %}").render(Context({"x": 5})) == "5"


def test_forgets_the_oldest_first():
    from microblog.templatetags import kept

    for n in range(kept.KEPT_AT_MOST + 5):
        render(part=f"many {n}", token=0, other=n)
    assert len(kept._kept) <= kept.KEPT_AT_MOST


def test_what_is_live_inside_a_kept_piece_inside_another_is_live():
    page = Template('{% kept "out" %}[{% kept "in" %}({% live %}{{ n }}{% endlive %}){% endkept %}]{% endkept %}')
    assert [page.render(Context({"n": n})) for n in (1, 2)] == ["[(1)]", "[(2)]"]


def test_a_kept_page_has_its_live_parts_only_from_the_request(rf):
    source = '{% extends "base" %}{% block b %}<{{ kept }}|{% live %}{{ n }}{% endlive %}>{% endblock %}'
    loader = ("django.template.loaders.locmem.Loader", {"base": "-{% block b %}{% endblock %}-", "page": source})
    engine = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [loader], "builtins": ["microblog.templatetags.kept"]},
    }
    with override_settings(TEMPLATES=[engine]):
        tries = (("a", 1), ("a", 2), ("b", 3))
        pages = [render_kept(rf.get("/"), "page", (key,), {"kept": n, "n": n}).content for key, n in tries]
    assert pages == [b"-<1|1>-", b"-<1|2>-", b"-<3|3>-"]
