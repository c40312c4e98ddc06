from support.skills import Machine


async def test_to_mute_needs_no_reply():
    device = Machine()
    result = await device.tools.call("mute", "{}")
    assert device.muted
    assert (result.sleep, result.reply) == (False, False)
