// For browsers that cannot run the page's modules, which say by an attribute that they run: in JavaScript as it was of old.
addEventListener("load", function () {
  setTimeout(function () {
    if (!document.body.hasAttribute("data-runs")) document.getElementById("old").hidden = false;
  }, 1000);
});
