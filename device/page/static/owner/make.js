// Elements made in one go: make("button", { className: "first", onclick: save }, "Save").

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(element.dataset, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((one) => one !== undefined && one !== null && one !== false));
  return element;
}

export function button(text, onclick, kind = "") {
  return make("button", { type: "button", className: kind, onclick }, text);
}

// Return a text of the source, in which `code` stands between backticks, as nodes.
export function explained(text) {
  return text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part));
}
