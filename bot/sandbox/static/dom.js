// Making nodes, and keeping those whose content stays the same. Strings only ever become text nodes.

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

// Make `parent` show `items`: a node stays as it is (with focus, selection and open details) while its item's JSON does.
export function show(parent, items, keyOf, draw) {
  const keys = items.map((item) => String(keyOf(item)));
  for (const node of [...parent.children]) if (!keys.includes(node.dataset.key)) node.remove();
  const before = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  items.forEach((item, index) => {
    const old = before.get(keys[index]);
    const node = fresh(old, item, keys[index], draw);
    if (old && old !== node) {
      replace(old, node);
      if (place === old) place = node;
    }
    if (place === node) place = node.nextElementSibling;
    else parent.insertBefore(node, place);
  });
}

function fresh(node, item, key, draw) {
  const json = JSON.stringify(item);
  if (node?.drawnFrom === json) return node;
  const made = draw(item);
  made.dataset.key = key;
  made.drawnFrom = json;
  return made;
}

function replace(old, node) {
  const focused = old.contains(document.activeElement);
  old.replaceWith(node);
  if (focused) {
    node.tabIndex = -1;
    node.focus({ preventScroll: true });
  }
}
