/**
 * The page's fixed elements, by id.
 */

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} [inside]
 * @returns {T}
 * @throws {TypeError} if the page has no such element: markup and code do not fit each other
 */
export function need(selector, kind, inside = document) {
  const element = inside.querySelector(selector);
  if (!(element instanceof kind)) throw new TypeError(`the page has no ${kind.name} ${selector}`);
  return element;
}
