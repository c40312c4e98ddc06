"""Wi-Fi without a screen: an access point of the device's own while there is no network, by NetworkManager."""
