"""WeRoBot without its session store, on tornado."""

import os
import sys

from werobot import WeRoBot

robot = WeRoBot(
    token=os.environ["PEER_TOKEN"],
    encoding_aes_key=os.environ["PEER_KEY"],
    app_id=os.environ["PEER_APP"],
    enable_session=False,
)


@robot.text
def heard(message):
    return "收到：" + message.content


if __name__ == "__main__":
    robot.config["HOST"], robot.config["PORT"] = "127.0.0.1", int(sys.argv[1])
    robot.run(server="tornado")
