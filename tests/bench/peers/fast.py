"""`GET /api/me` with FastAPI, as its manual has it, and a connection that is kept."""

import os
from typing import Annotated, Any

import holder
from fastapi import Depends, FastAPI, Header, HTTPException

app = FastAPI()
database = holder.connect(os.environ["DATABASE"])


async def signed_in(authorization: Annotated[str, Header()]) -> dict[str, Any]:
    found = holder.holder(database, authorization)
    if found is None:
        raise HTTPException(401)
    return found


@app.get("/api/me")
async def me(found: Annotated[dict[str, Any], Depends(signed_in)]) -> dict[str, Any]:
    return found
