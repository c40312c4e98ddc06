// For browsers that know no modules: in JavaScript that they understand.
document.getElementById("old").hidden = false;
