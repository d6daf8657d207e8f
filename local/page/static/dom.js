// Makes elements. Text goes in as text, never as markup: what users wrote is shown here.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Rows of an answer as objects by column. */
export function records(answer) {
  return answer.rows.map((row) => Object.fromEntries(answer.columns.map((column, place) => [column, row[place]])));
}
