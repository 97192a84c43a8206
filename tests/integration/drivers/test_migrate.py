"""`throughline migrate`, as somebody runs it before a version starts."""

import json
import os
import subprocess
import sys
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.stack import Stack
from shared.ports import Stored

Client = AsyncIOMotorClient[Stored]


def migrate(stack: Stack, prefix: str, *options: str) -> tuple[int, Any]:
    """Run it. Return its exit code and what it says."""
    env = {"PATH": os.environ["PATH"], "MONGO_URI": stack.mongo_uri, "MONGO_DATABASE_PREFIX": prefix}
    argv = [sys.executable, "-c", "from deploy.cli.main import app; app()", "migrate", "--json", *options]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, json.loads(done.stdout)


class TestMigrate:
    async def test_builds_what_is_missing_and_says_so(self, stack: Stack, mongo: Client, database: str) -> None:
        """A check finds it and builds nothing, a run builds it, and after that there is nothing to do."""
        prefix = f"{database}_"
        names = [f"{prefix}{name}" for name in ("intake", "authorization", "scheduling", "notifications", "tracking")]
        try:
            before, again = migrate(stack, prefix, "--check"), migrate(stack, prefix, "--check")
            built, after = migrate(stack, prefix), migrate(stack, prefix, "--check")
            there = await mongo[f"{prefix}tracking"]["tracks"].index_information()
        finally:
            for name in names:
                await mongo.drop_database(name)

        assert (1, before) == (again[0], again)
        assert set(names) == {each["database"] for each in before[1]["missing"]}
        assert (0, before[1]["missing"]) == (built[0], built[1]["built"])
        assert (0, {"missing": []}) == after
        assert {"_id_", "worklist", "claimed", "parked"} <= there.keys()
