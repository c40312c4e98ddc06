from device.conversation.engine import EngineError, Fault


def test_an_engine_error_says_what_its_fault_says():
    fault = Fault("quota", "Pay.", retry=False)
    error = EngineError(fault)
    assert (error.fault, str(error)) == (fault, "Pay.")
