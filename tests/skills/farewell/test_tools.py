from support.skills import Machine


async def test_the_conversation_ends_without_a_reply():
    result = await Machine().tools.call("sleep", "")
    assert (result.sleep, result.reply) == (True, False)
