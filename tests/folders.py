"""A little site in a temporary folder, to be built and checked as a publisher would."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from feedpub.app import BuildRequest, Summary
from feedpub.site import api, builder

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
CONFIG = 'site: {title: "Example & Co", url: "https://example.org/blog/", author: Ann}\n'
POST = "---\ntitle: {title}\ndate: {date}\n---\n{body}\n"


@dataclass
class Site:
    """A folder with a config and content, and the time it is."""

    root: Path
    now: datetime = NOW
    environ: Mapping[str, str] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.content.mkdir(parents=True)
        self.config(CONFIG)

    @property
    def content(self) -> Path:
        """The folder of posts."""
        return self.root / "content"

    @property
    def public(self) -> Path:
        """The folder that is written."""
        return self.root / "public"

    def config(self, text: str) -> None:
        """Write the configuration."""
        self.put("config.yaml", text)

    def put(self, path: str, text: str | bytes) -> Path:
        """Write a file."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        return place

    def post(
        self, name: str, title: str = "Hello", date: str = "2025-01-30", body: str = "Text."
    ) -> Path:
        """Write a post."""
        return self.put(f"content/{name}", POST.format(title=title, date=date, body=body))

    def request(self, **changes: bool) -> BuildRequest:
        """Say what to build."""
        request = BuildRequest(
            config_path=self.root / "config.yaml",
            output=None,
            drafts=False,
            future=False,
            clean=False,
            now=self.now,
            environ=self.environ,
            progress=lambda stage, _done, _total: self.stages.append(stage),
        )
        return replace(request, **changes)  # type: ignore[arg-type]  # all that change are flags

    def build(self, **changes: bool) -> Summary:
        """Build the site."""
        return builder.build(self.request(**changes))

    def check(self) -> Summary:
        """Check the site."""
        return api.check(self.request())

    def read(self, path: str) -> str:
        """Read a file of the output."""
        return (self.public / path).read_text(encoding="utf-8")

    def written(self) -> dict[str, bytes]:
        """Give every file of the output folder."""
        return {
            path.relative_to(self.public).as_posix(): path.read_bytes()
            for path in sorted(self.public.rglob("*"))
            if path.is_file()
        }


def told(summary: Summary) -> list[str]:
    """Give the problems of a summary as a person reads them."""
    return [str(problem) for problem in summary.problems]
