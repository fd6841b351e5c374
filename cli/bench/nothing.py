"""A route that does nothing: what HTTP itself takes, with the same framework and the same server as the services."""

import sys

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI(openapi_url=None)


@app.post("/nothing", status_code=201)
async def nothing(request: Request) -> dict[str, str]:
    """Read the body and answer with as much as a receipt holds."""
    await request.body()
    return {"event_id": "0" * 36, "position": "0", "hash": "0" * 71, "recorded_at": "0" * 27}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False)
