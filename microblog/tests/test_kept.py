from django.template import Context, Template
from django.test import override_settings
from django.utils import translation
from django.utils.safestring import SafeString

from microblog.pagination import Page
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


def pages_of(source, tries, rf, processors=()):
    """The page `source` for each key and number of `tries`, as kept pages."""
    loader = ("django.template.loaders.locmem.Loader", {"base": "-{% block b %}{% endblock %}-", "page": source})
    options = {"loaders": [loader], "builtins": ["microblog.templatetags.kept"], "context_processors": processors}
    engine = {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": options}
    with override_settings(TEMPLATES=[engine]):
        return [render_kept(rf.get("/"), "page", (key,), {"kept": n, "n": n}).content for key, n in tries]


def test_a_kept_page_has_its_live_parts_only_from_the_request(rf):
    source = '{% extends "base" %}{% block b %}<{{ kept }}|{% live %}{{ n }}{% endlive %}>{% endblock %}'
    pages = pages_of(source, (("a", 1), ("a", 2), ("b", 3)), rf)
    assert pages == [b"-<1|1>-", b"-<1|2>-", b"-<3|3>-"]


asked = []


def asking(request):
    asked.append(request)
    return {}


def test_a_kept_page_with_tags_only_is_filled_without_a_context(rf):
    asked.clear()
    source = '{% extends "base" %}{% block b %}<{{ kept }}|{% value n %}>{% endblock %}'
    pages = pages_of(source, (("c", 1), ("c", 2), ("c", "<")), rf, ["microblog.tests.test_kept.asking"])
    assert pages == [b"-<1|1>-", b"-<1|2>-", b"-<1|&lt;>-"]
    assert len(asked) == 1


def test_a_live_value_is_looked_up_each_time_and_may_be_missing():
    page = Template('{% kept "value" %}[{% value page.older %}|{% value cards %}]{% endkept %}')
    contexts = ({"page": Page(older=1200), "cards": SafeString("<b>")}, {"page": Page(), "cards": "<b>"}, {})
    assert [page.render(Context(c)) for c in contexts] == ["[1200|<b>]", "[|&lt;b&gt;]", "[|]"]
