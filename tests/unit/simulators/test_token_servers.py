from pathlib import Path

import pytest

from deploy.simulators.token_servers import kept_keys


class TestKeptKeys:
    def test_are_the_same_after_a_restart(self, tmp_path: Path) -> None:
        """A token that a party signed before is believed afterwards."""
        file = tmp_path / "signing.json"

        made = kept_keys(file)("one")

        assert made.as_dict(private=True) == kept_keys(file)("one").as_dict(private=True)
        assert 0o600 == file.stat().st_mode & 0o777

    def test_outlive_a_kill_while_another_is_written_down(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Half a file would keep the simulators from ever starting again."""
        file = tmp_path / "signing.json"
        keys = kept_keys(file)
        made = keys("one")

        def killed(path: Path, text: object, *_: object, **__: object) -> int:
            path.write_bytes(str(text).encode()[: len(str(text)) // 2])
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_text", killed)
            patch.setattr(Path, "replace", killed)
            with pytest.raises(KeyboardInterrupt):
                keys("two")

        assert made.as_dict(private=True) == kept_keys(file)("one").as_dict(private=True)
