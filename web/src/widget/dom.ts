import { parts } from './links'

// The only way in which the widget makes elements. Text becomes text nodes; there is no path to innerHTML (AC-089).

type Child = Node | string | undefined | false
type Attributes = Record<string, string | number | boolean | undefined | ((e: never) => void)>

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag)
  set(e, attributes)
  fill(e, children)
  return e
}

function set(e: Element, attributes: Attributes): void {
  for (const [k, v] of Object.entries(attributes)) {
    if (v === undefined || v === false) continue
    if (typeof v === 'function') e.addEventListener(k.slice(2), v as unknown as EventListener)
    else e.setAttribute(k, v === true ? '' : String(v))
  }
}

function fill(e: Element, children: Child[]): void {
  for (const c of children) if (c !== undefined && c !== false) e.append(c)
}

export function replace(e: Element, ...children: Child[]): void {
  e.replaceChildren()
  fill(e, children)
}

/** A line drawing on a 24 by 24 grid; decorative, since the button that carries it has the name. */
export function icon(path: string): SVGSVGElement {
  const ns = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(ns, 'svg')
  set(svg, { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' })
  const p = document.createElementNS(ns, 'path')
  p.setAttribute('d', path)
  svg.append(p)
  return svg
}

/** A text with its addresses as links. */
export function linked(text: string): DocumentFragment {
  const out = document.createDocumentFragment()
  for (const p of parts(text)) {
    out.append(
      p.href === undefined
        ? p.text
        : h('a', { href: p.href, target: '_blank', rel: 'noopener noreferrer nofollow', title: p.href }, p.text),
    )
  }
  return out
}
