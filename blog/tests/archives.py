"""Archives as other sites make them, small."""

import io
import json
import zipfile

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def zipped(files: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def note(number: int, content: str, *, to: str = PUBLIC, published: str = "2021-03-04T05:06:07Z", **more) -> dict:
    """An entry of a Mastodon outbox."""
    fields = {"id": f"https://m.example/users/ada/statuses/{number}", "type": "Note", "content": content, "to": [to]}
    return {"id": f"{fields['id']}/activity", "type": "Create", "object": {**fields, "published": published, **more}}


def outbox(*entries: dict) -> str:
    head = {"@context": ["https://www.w3.org/ns/activitystreams", {"ostatus": "http://ostatus.org#"}]}
    facts = {**head, "id": "outbox.json", "type": "OrderedCollection", "totalItems": len(entries)}
    return json.dumps({**facts, "orderedItems": list(entries)}, ensure_ascii=False)


def tweet(number: int, full_text: str, created_at: str = "Wed Oct 10 20:19:24 +0000 2018", **more) -> dict:
    return {"tweet": {"id_str": str(number), "full_text": full_text, "created_at": created_at, **more}}


def tweets_js(*entries: dict, part: int = 0) -> str:
    return f"window.YTD.tweets.part{part} = {json.dumps(list(entries), ensure_ascii=False, indent=2)}"


def ours(
    posts: list[dict],
    following: list[str] = (),
    site: str = "https://other.example",
    *,
    blocks: list[str] = (),
    mutes: list[str] = (),
) -> bytes:
    """An archive of a Microblog."""
    facts = {"format": "microblog-archive", "version": 1, "site": site, "username": "ada"}
    people = {"following": following, "blocks": blocks, "mutes": mutes}
    lines = {"posts": posts, **{key: [{"username": name} for name in names] for key, names in people.items()}}
    files = {f"data/{name}.jsonl": "\n".join(json.dumps(row) for row in rows) for name, rows in lines.items()}
    return zipped({"archive.json": json.dumps(facts), **files})
