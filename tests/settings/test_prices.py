import tomllib

import pytest
from msgspec.structs import fields

from device.settings.prices import Amounts, Price, cost, prices
from device.settings.toml import faults


@pytest.mark.parametrize(
    ("amounts", "price", "dollars"),
    [
        # No split: all is charged as audio.
        (Amounts(input_tokens=1_000_000, output_tokens=500_000), Price(input_audio=32, output_audio=64), 64.0),
        # A split, and no price for text: as audio, rather too high than too low.
        (Amounts(input_tokens=1_000_000, input_audio_tokens=400_000), Price(input_audio=10), 10.0),
        (Amounts(input_tokens=1_000_000, input_audio_tokens=400_000), Price(input_audio=10, input_text=1), 4.6),
        (Amounts(output_tokens=1_000_000, output_audio_tokens=900_000), Price(output_audio=20, output_text=0), 18.0),
        # Cached tokens count as those of text first, then as audio.
        (
            Amounts(input_tokens=1_000_000, input_audio_tokens=400_000, cached_tokens=600_000),
            Price(input_audio=10, input_text=1, cached=0.5),
            4.3,
        ),
        (
            Amounts(input_tokens=1_000_000, input_audio_tokens=400_000, cached_tokens=800_000),
            Price(input_audio=10, input_text=1, cached=0.5),
            2.4,
        ),
        (Amounts(input_tokens=1_000_000, cached_tokens=500_000), Price(input_audio=10), 10.0),
        # By the minute: what the engine says it charges, else how long it was open.
        (Amounts(session_s=90), Price(minute=0.05), 0.075),
        (Amounts(session_s=90, seconds=60), Price(minute=0.05), 0.05),
        (Amounts(session_s=90, input_tokens=10), Price(minute=0.0), 0.0),
    ],
)
def test_what_is_used_costs_what_the_table_says(amounts, price, dollars):
    assert cost(amounts, price) == pytest.approx(dollars)


def test_the_table_that_comes_with_parley_is_dated_and_the_user_s_counts_over_it():
    known = prices({})
    assert known["gpt-realtime-2.1"].input_audio == 32
    assert known["gpt-realtime-2.1-mini"].output_audio == 20
    assert known["local"].free
    assert all(price.date or price.free for price in known.values())
    own = prices({"gpt-realtime-2.1": Price(input_audio=1), "mine": Price(minute=0)})
    assert own["gpt-realtime-2.1"] == Price(input_audio=1)
    assert own["mine"].free
    assert "gpt-live-1" in own


def test_a_price_is_not_negative():
    table = tomllib.loads("minute = -1\ndear = true")
    assert len(faults(table, Price)) == 2


def test_amounts_add_up_field_by_field():
    one = Amounts(**{field.name: 2 for field in fields(Amounts)})
    assert one + one == Amounts(**{field.name: 4 for field in fields(Amounts)})
