import pytest
from gpiozero import LED
from gpiozero.pins.mock import MockFactory, MockPWMPin

from device.conversation.states import State
from device.panel.gpio import PanelFault
from device.panel.leds import APA102_HZ, WS2812_HZ, PinLeds, PoweredStrip, Strip, apa102, open_leds, ws2812
from device.panel.lights import Status, frame
from device.settings.panel import PanelSettings


@pytest.fixture
def factory():
    made = MockFactory(pin_class=MockPWMPin)
    yield made
    made.reset()


def test_an_apa102_strip_bit_by_bit():
    sent = apa102([(255, 128, 1), (0, 0, 0)], brightness=0.5)
    start, leds, end = sent[:4], sent[4:12], sent[12:]
    assert start == bytes(4)
    assert leds == bytes([0b111_10000, 1, 128, 255, 0b111_10000, 0, 0, 0])
    assert end == bytes(5)


@pytest.mark.parametrize("count", [1, 3, 12, 64, 300])
def test_the_last_led_gets_its_clocks(count):
    """Each LED passes the data on half a clock later."""
    sent = apa102([(1, 2, 3)] * count, brightness=1.0)
    assert 8 * (len(sent) - 4 - 4 * count - 4) >= count / 2


@pytest.mark.parametrize(("brightness", "current"), [(0.0, 0), (0.001, 1), (1.0, 31)])
def test_a_strip_is_dark_only_at_no_brightness(brightness, current):
    assert apa102([(9, 9, 9)], brightness)[4] == 0b11100000 | current


def pulses(sent):
    """Return the lengths of the high and low pulses on the bus, in ns."""
    bits = "".join(f"{byte:08b}" for byte in sent).strip("0") + "0"
    found, at = [], 0
    while at < len(bits):
        run = len(bits[at:]) - len(bits[at:].lstrip(bits[at]))
        found.append(run * 1e9 / WS2812_HZ)
        at += run
    return found


@pytest.mark.parametrize("value", range(256))
def test_a_ws2812_strip_bit_by_bit(value):
    """A 1 is 800 ns high and 450 low, a 0 is 400 and 850, each 150 more or less: WS2812B's data sheet."""
    sent = ws2812([(value, 0, 255)], brightness=1.0)
    expected = f"{0:08b}{value:08b}{255:08b}"
    found = pulses(sent)
    highs, lows = found[::2], found[1::2]
    assert len(highs) == 24
    assert "".join("1" if high > 600 else "0" for high in highs) == expected
    for bit, high, low in zip(expected, highs, lows[:-1], strict=False):
        assert abs(high - (800 if bit == "1" else 400)) <= 150
        assert abs(low - (450 if bit == "1" else 850)) <= 150


def test_a_ws2812_strip_shows_what_it_was_sent_after_280_us_of_silence():
    sent = ws2812([(255, 255, 255)] * 2, brightness=1.0)
    assert sent[0] == 0
    silence = len(sent) - len(sent.rstrip(b"\0"))
    assert silence * 8 / WS2812_HZ >= 280e-6


def test_colours_in_the_order_of_the_strip_and_no_brighter_than_allowed():
    assert ws2812([(255, 0, 0)], 1.0, "rgb") == ws2812([(0, 255, 0)], 1.0, "grb")
    assert ws2812([(200, 100, 0)], 0.5) == ws2812([(100, 50, 0)], 1.0)


class Bus:
    def __init__(self):
        self.sent, self.closed = [], False

    def write(self, data):
        self.sent.append(data)

    def close(self):
        self.closed = True


def test_a_strip_goes_dark_before_it_lets_go_and_is_switched_off(factory):
    bus = Bus()
    power = LED(5, initial_value=True, pin_factory=factory)
    strip = PoweredStrip(Strip(3, bus, lambda colours: apa102(colours, 1.0)), power)
    strip.show(((1.0, 1.0, 1.0),) * 3)
    assert factory.pin(5).state
    strip.close()
    assert bus.sent[0][5:8] == bytes([255, 255, 255])
    assert not any(byte for byte in bus.sent[-1] if byte != 0xFF)
    assert bus.closed
    assert power.closed


def test_one_led_shows_how_bright_its_light_is(factory):
    led = PinLeds(PanelSettings(leds="led", led_pin=12, brightness=1.0), factory)
    led.show(((0.0, 1.0, 0.3),))
    assert factory.pin(12).state == 1.0
    led.show(((0.5, 0.1, 0.0),))
    assert factory.pin(12).state == pytest.approx(0.5**2.2)
    led.close()
    assert factory.pin(12).function == "input"


@pytest.mark.parametrize("brightness", [0.01, 0.2, 1.0])
def test_a_light_that_says_that_sound_leaves_is_lit_however_dim_the_panel_is(factory, brightness):
    status = Status(State.FAULT, streaming=True)
    dimmest = min((frame(status, t / 50, 0.0, 1) for t in range(100)), key=lambda shown: max(shown[0]))
    led = PinLeds(PanelSettings(leds="led", led_pin=12, brightness=brightness), factory)
    led.show(dimmest)
    assert factory.pin(12).state >= 0.01, "lgpio makes no shorter pulses"
    led.close()
    level = [round(255 * part**2.2) for part in dimmest[0]]
    assert ws2812([tuple(level)], brightness) != ws2812([(0, 0, 0)], brightness)


def test_an_rgb_led_with_a_common_anode(factory):
    rgb = PanelSettings(leds="rgb", red_pin=1, green_pin=2, blue_pin=3, brightness=0.5, active="low")
    led = open_leds(rgb, factory)
    led.show(((1.0, 0.0, 0.0),))
    assert [factory.pin(pin).state for pin in (1, 2, 3)] == [0.5, 1.0, 1.0]


def test_of_an_rgb_led_that_cannot_be_had_whole_nothing_is_kept(factory):
    other = LED(2, pin_factory=factory)
    with pytest.raises(PanelFault, match=r"panel\.green_pin: GPIO2 is in use"):
        PinLeds(PanelSettings(leds="rgb", red_pin=1, green_pin=2, blue_pin=3), factory)
    other.close()
    LED(1, pin_factory=factory).close()


@pytest.fixture
def buses(monkeypatch):
    """The buses that were opened in place of the SPI's, each with its device and clock."""
    opened = []

    def spi(device, hertz):
        bus = Bus()
        bus.device, bus.hertz = device, hertz
        opened.append(bus)
        return bus

    monkeypatch.setattr("device.panel.leds.Spi", spi)
    return opened


def test_without_leds_nothing_is_opened(factory, buses):
    assert open_leds(PanelSettings(leds="none"), factory) is None
    assert buses == []


@pytest.mark.parametrize(
    ("kind", "hertz", "encoded"),
    [
        ("apa102", APA102_HZ, apa102([(255, 0, 0)] * 2, 0.5)),
        ("ws2812", WS2812_HZ, ws2812([(255, 0, 0)] * 2, 0.5, "rgb")),
    ],
)
def test_a_strip_is_sent_its_frames_in_its_own_code(factory, buses, kind, hertz, encoded):
    settings = PanelSettings(leds=kind, count=2, spi_device=1, brightness=0.5, order="rgb")
    leds = open_leds(settings, factory)
    (bus,) = buses
    assert (bus.device, bus.hertz) == (1, hertz)
    assert (leds.count, leds.coloured) == (2, True)
    leds.show(((1.0, 0.0, 0.0),) * 2)
    assert bus.sent == [encoded]


def test_a_strip_s_power_is_on_as_long_as_it_is_used(factory, buses):
    leds = open_leds(PanelSettings(leds="apa102", count=2, power_pin=5), factory)
    assert factory.pin(5).state
    assert (leds.count, leds.coloured) == (2, True)
    leds.close()
    assert buses[0].closed
    assert factory.pin(5).function == "input"


def test_a_power_pin_in_use_gives_the_bus_back(factory, buses):
    other = LED(5, pin_factory=factory)
    with pytest.raises(PanelFault, match=r"panel\.power_pin: GPIO5 is in use"):
        open_leds(PanelSettings(leds="apa102", count=2, power_pin=5), factory)
    assert buses[0].closed
    other.close()


def test_a_strip_whose_bus_is_gone_can_be_closed():
    class Gone(Bus):
        def write(self, data):
            raise OSError("SPI: gone")

    bus = Gone()
    Strip(1, bus, lambda colours: apa102(colours, 1.0)).close()
    assert bus.closed
