import type { Desk, Talk } from './desk'
import { h, replace } from './dom'
import { day, hour } from './time'
import type { View } from './view'
import { words } from './words'

/** The visitor's own enquiries, newest first, and a way to a new one. */
export class List implements View {
  readonly element: HTMLElement
  readonly backable = false
  private readonly items = h('ul', { class: 'list', 'aria-label': words.list })
  private readonly button: HTMLElement
  private drawn = ''

  constructor(
    private readonly desk: Desk,
    private readonly open: (room: string) => void,
    again: () => void,
  ) {
    this.button = h('button', { class: 'main', type: 'button', onclick: again }, words.again)
    this.element = h(
      'div',
      { class: 'body' },
      h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.list }, this.items),
      h('div', { class: 'foot' }, this.button),
    )
  }

  title(): string {
    return words.list
  }

  subtitle(): string {
    return this.desk.config?.company ?? ''
  }

  update(): void {
    const rows = [...this.desk.talks.values()].map((t) => ({
      room: t.enquiry.room,
      text: first(t),
      state: state(t),
      unread: this.desk.unread(t),
    }))
    const now = JSON.stringify(rows)
    if (now === this.drawn) return
    this.drawn = now
    const focused = (this.items.getRootNode() as ShadowRoot).activeElement?.getAttribute('data-room')
    replace(
      this.items,
      ...rows.map((r) =>
        h(
          'li',
          {},
          h(
            'button',
            {
              type: 'button',
              'data-room': r.room,
              onclick: () => {
                this.open(r.room)
              },
            },
            h('span', { class: 'text' }, h('b', { dir: 'auto' }, r.text), h('small', {}, r.state)),
            r.unread > 0 && h('span', { class: 'dot' }, String(r.unread), h('span', { class: 'unseen' }, ` ${words.unread}`)),
          ),
        ),
      ),
    )
    if (rows.length === 0) this.items.append(h('li', {}, words.listEmpty))
    if (focused) this.items.querySelector<HTMLElement>(`[data-room="${CSS.escape(focused)}"]`)?.focus()
  }

  focus(): void {
    ;(this.items.querySelector('button') ?? this.button).focus()
  }
}

function first(t: Talk): string {
  if (t.enquiry.question) return t.enquiry.question.split('\n', 1)[0] ?? ''
  const question = t.timeline.first === 1 ? t.timeline.items.find((m) => m.by.kind === 'visitor') : undefined
  if (question) return question.body.split('\n', 1)[0] ?? ''
  const at = t.enquiry.opened_at
  return at ? words.enquiryOf(`${day(at)}, ${hour(at)}`) : words.conversation
}

function state(t: Talk): string {
  const { state, staff, opened_at } = t.enquiry
  const now = state === 'Closed' ? words.closed : staff ? words.with(staff.name) : words.waiting
  return opened_at ? `${now} · ${day(opened_at)}` : now
}
