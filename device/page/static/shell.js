// What the shell is for: Wi-Fi for telephones in the access point, or the owner's view.

import(location.pathname === "/wifi" ? "./wifi.js" : "./owner.js");
