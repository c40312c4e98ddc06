"""Whether ordinary requests are done, as text and as four voices say them."""
