import type { Desk, Talk } from './desk'
import { h, icon, linked } from './dom'
import { attachments } from './files'
import type { Post } from './outbox'
import { day, hour } from './time'
import { Tray } from './tray'
import type { View } from './view'
import { isLine, type Message } from './wire'
import { explain, words } from './words'

const limit = 4000
const drafts = new Map<string, string>()
const tick = 'm4 13 5 5L20 7'
const ticks = 'm2 13 5 5 9-10M12 17l1 1 9-10'

interface Row {
  key: string
  /** Changes when the row must be drawn anew. */
  form: string
  draw(): HTMLElement
}

/** One conversation: the log, what is on its way, the box to write in. */
export class Conversation implements View {
  readonly element: HTMLElement
  readonly backable = true
  private readonly log = h('div', { class: 'log', role: 'log', 'aria-label': words.conversation })
  private readonly older = h('button', { class: 'soft older', type: 'button' }, words.earlier)
  private readonly scroll = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': words.conversation })
  private readonly typing = h('p', { class: 'typing' })
  private readonly over = h('p', { class: 'wrong over', role: 'alert' })
  private readonly box = h('textarea', { rows: 1, 'aria-label': words.message, placeholder: words.message, dir: 'auto' })
  private readonly pick = h('input', { class: 'unseen', type: 'file', multiple: true, tabindex: -1, 'aria-hidden': 'true' })
  private readonly attach = h(
    'button',
    { class: 'round attach', type: 'button', 'aria-label': words.attach, title: words.attach },
    icon('m19 11.5-7.6 7.6a4.6 4.6 0 0 1-6.5-6.5l8.3-8.3a3 3 0 0 1 4.3 4.3l-8.3 8.3a1.5 1.5 0 0 1-2.1-2.1l7.2-7.2'),
  )
  private readonly tray: Tray
  private readonly pending = h('p', { class: 'typing pending', role: 'status' })
  private readonly compose: HTMLFormElement
  private readonly foot: HTMLElement
  private readonly rows = new Map<string, { form: string; element: HTMLElement }>()
  private pinned = true
  /** Send was pressed while files are on their way. */
  private due = false
  private quiet: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly desk: Desk,
    private readonly room: string,
    private readonly again: (question: string) => void,
  ) {
    this.tray = new Tray(desk.uploads, room, () => {
      this.attach.focus()
    })
    this.compose = h(
      'form',
      {
        class: 'compose',
        onsubmit: (e: Event) => {
          this.submit(e)
        },
      },
      this.pick,
      this.attach,
      h('label', {}, this.box),
      h('button', { class: 'round send', type: 'submit', 'aria-label': words.send }, icon('M4.5 12h14M12.5 5.5 19 12l-6.5 6.5')),
    )
    this.foot = h(
      'div',
      { class: 'foot', hidden: true },
      h('p', {}, words.closedNote),
      h(
        'button',
        {
          class: 'main',
          type: 'button',
          onclick: () => {
            this.again('')
          },
        },
        words.again,
      ),
    )
    this.scroll.append(this.older, this.log)
    this.element = h('div', { class: 'body' }, this.scroll, this.typing, this.over, this.pending, this.tray.element, this.compose, this.foot)
    this.older.addEventListener('click', () => {
      this.earlier()
    })
    this.scroll.addEventListener('scroll', () => {
      this.pinned = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 48
    })
    this.attach.addEventListener('click', () => {
      this.pick.click()
    })
    this.pick.addEventListener('change', () => {
      this.take([...(this.pick.files ?? [])])
      this.pick.value = '' // the same file again is a change too
    })
    this.box.addEventListener('paste', (e) => {
      const data = e.clipboardData
      const files = [...(data?.files ?? [])]
      if (files.length === 0 || data?.types.includes('text/plain')) return // an office program adds a picture to each text
      e.preventDefault()
      e.stopPropagation() // what is pasted here is not for the host page
      this.take(files)
    })
    this.box.value = drafts.get(room) ?? ''
    this.box.addEventListener('input', () => {
      this.typed()
    })
    this.box.addEventListener('keydown', (e) => {
      this.key(e)
    })
    this.box.addEventListener('blur', () => {
      this.desk.typing(this.room, false)
    })
  }

  private get talk(): Talk | undefined {
    return this.desk.talks.get(this.room)
  }

  title(): string {
    return this.desk.config?.company ?? words.ourChat
  }

  subtitle(): string {
    const e = this.talk?.enquiry
    if (!e || this.desk.barred || this.talk?.guess) return ''
    return e.state === 'Closed' ? words.closed : e.staff?.name ? words.with(e.staff.name) : words.waiting
  }

  focus(): void {
    const closed = this.talk?.enquiry.state === 'Closed'
    ;(closed ? this.scroll : this.box).focus()
  }

  update(): void {
    const talk = this.talk
    if (!talk) return
    const closed = talk.enquiry.state === 'Closed'
    const had = this.compose.contains((this.element.getRootNode() as ShadowRoot).activeElement)
    this.compose.hidden = closed
    this.foot.hidden = !closed
    this.tray.update()
    if (closed) this.tray.element.hidden = true
    this.overdue()
    if (closed && had) this.scroll.focus()
    this.older.hidden = talk.timeline.first <= 1
    this.typing.textContent = talk.typing ? words.typing(talk.typing.name || talk.enquiry.staff?.name || words.someone) : ''
    this.draw(this.plan(talk))
    if (this.pinned) this.scroll.scrollTop = this.scroll.scrollHeight
  }

  /** Files that were chosen, dropped or pasted. */
  take(files: readonly File[]): void {
    if (files.length === 0 || this.talk?.enquiry.state === 'Closed') return
    const empty = files.filter((f) => f.size === 0)
    const left = this.desk.uploads.add(this.room, files.filter((f) => f.size > 0))
    this.over.textContent = left > 0 ? words.tooMany(left) : empty[0] ? words.emptyFile(empty[0].name) : ''
    this.pinned = true
    if (!matchMedia('(pointer: coarse)').matches) this.box.focus() // it would raise the keyboard over the files
  }

  /** Sends what waited for its files, as soon as they are all there; a file that fails gives the message back. */
  private overdue(): void {
    if (!this.due) return
    const all = this.desk.uploads.of(this.room)
    const failed = all.find((u) => u.state === 'failed')
    if (failed) {
      this.wait(false)
      this.over.textContent = words.held(failed.again !== false)
    } else if (all.every((u) => u.state === 'ready')) queueMicrotask(() => {
      if (this.due) this.send()
    })
  }

  private wait(on: boolean): void {
    this.due = on
    this.pending.textContent = on ? words.pending : ''
  }

  /** What stands here is being looked at. */
  read(): void {
    if (this.talk && this.pinned) this.desk.seen(this.talk)
  }

  /** The sizes are known only when the element stands in the page. */
  shown(): void {
    this.pinned = true
    this.grow()
    this.scroll.scrollTop = this.scroll.scrollHeight
  }

  private plan(talk: Talk): Row[] {
    const rows: Row[] = []
    const { items } = talk.timeline
    const mine = items.filter((m) => m.by.kind === 'visitor' && !isLine(m))
    const lastMine = mine[mine.length - 1]
    const lastSeen = mine.filter((m) => m.seq <= talk.enquiry.staff_read).pop()
    let before: Message | undefined
    for (const m of items) {
      if (!before || day(before.at) !== day(m.at))
        rows.push({ key: `day ${m.seq}`, form: day(m.at), draw: () => h('p', { class: 'day' }, day(m.at)) })
      const state = m === lastSeen ? 'seen' : m === lastMine ? 'sent' : undefined
      const same =
        before !== undefined && !isLine(before) && before.by.kind === m.by.kind && before.by.id === m.by.id && before.by.name === m.by.name
      // The form leaves out the state: a drawn row keeps its element, so that screen readers hear a message once.
      rows.push({ key: m.id || `seq ${m.seq}`, form: `${m.seq} ${same}`, draw: () => message(this.desk, m, same) })
      if (state) rows.push({ key: `state ${state}`, form: m.id, draw: () => delivery(state) })
      before = m
    }
    for (const p of this.desk.outbox.of(this.room)) {
      if (!talk.timeline.has(p.id)) rows.push({ key: p.id, form: p.state + (p.reason ?? ''), draw: () => this.post(p) })
    }
    return rows
  }

  private draw(plan: Row[]): void {
    const keys = new Set(plan.map((r) => r.key))
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue
      row.element.remove()
      this.rows.delete(key)
    }
    let at: ChildNode | null = this.log.firstChild
    for (const r of plan) {
      let row = this.rows.get(r.key)
      if (row?.form !== r.form) {
        const element = r.draw()
        if (row) {
          if (row.element === at) at = at.nextSibling
          row.element.remove()
        }
        row = { form: r.form, element }
        this.rows.set(r.key, row)
      }
      if (row.element === at) at = at.nextSibling
      else this.log.insertBefore(row.element, at)
    }
  }

  private post(p: Post): HTMLElement {
    const out = bubble(this.desk, p, true)
    out.append(h('p', { class: 'state' }, words.states[p.state]))
    if (p.state !== 'failed') return out
    out.classList.add('failed')
    out.append(
      h('p', { class: 'state', role: 'alert' }, p.reason ?? ''),
      h(
        'div',
        { class: 'undo' },
        h(
          'button',
          {
            class: 'soft',
            type: 'button',
            onclick: () => {
              this.desk.outbox.retry(p.id)
            },
          },
          words.retry,
        ),
        h(
          'button',
          {
            class: 'soft',
            type: 'button',
            onclick: () => {
              this.takeBack(p.id)
            },
          },
          words.edit,
        ),
      ),
    )
    return out
  }

  private takeBack(id: string): void {
    const post = this.desk.outbox.takeBack(id)
    const body = post?.body ?? ''
    if (this.talk?.enquiry.state === 'Closed') {
      this.again(body)
      return
    }
    if (post?.files) this.desk.uploads.back(this.room, post.files)
    this.box.value = this.box.value === '' ? body : `${body}\n${this.box.value}`
    this.typed()
    this.box.focus()
  }

  private earlier(): void {
    const { talk } = this
    if (!talk) return
    const height = this.scroll.scrollHeight
    this.pinned = false
    this.desk.earlier(talk).then(
      () => {
        this.update()
        this.scroll.scrollTop += this.scroll.scrollHeight - height // what was read stays where it was
      },
      (e: unknown) => {
        this.over.textContent = explain(e)
      },
    )
  }

  private key(e: KeyboardEvent): void {
    // On a touch keyboard Enter is the only way to a new line; while a word is composed it ends the word.
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing || matchMedia('(pointer: coarse)').matches) return
    this.submit(e)
  }

  private submit(e: Event): void {
    e.preventDefault()
    this.send()
  }

  private send(): void {
    const body = this.box.value.trim()
    const over = Array.from(body).length - limit
    const files = this.desk.uploads.of(this.room)
    this.over.textContent = over > 0 ? words.tooLong(over) : ''
    if (over > 0 || (body === '' && files.length === 0)) {
      this.wait(false)
      this.box.focus()
      return
    }
    if (files.some((u) => u.state !== 'ready')) {
      this.wait(true)
      this.overdue()
      return
    }
    this.wait(false)
    this.box.value = ''
    drafts.delete(this.room)
    this.grow()
    this.pinned = true
    this.desk.typing(this.room, false)
    this.desk.outbox.add(this.room, body, this.desk.uploads.claim(this.room))
    this.box.focus()
  }

  private typed(): void {
    drafts.set(this.room, this.box.value)
    this.over.textContent = ''
    this.grow()
    clearTimeout(this.quiet)
    if (this.box.value.trim() === '') {
      this.desk.typing(this.room, false)
      return
    }
    this.desk.typing(this.room, true)
    this.quiet = setTimeout(() => {
      this.desk.typing(this.room, false)
    }, 5000)
  }

  private grow(): void {
    this.box.style.height = 'auto'
    this.box.style.height = `${this.box.scrollHeight + 2}px`
  }
}

function bubble(desk: Desk, m: Pick<Message, 'body' | 'files'>, ours: boolean): HTMLElement {
  const out = h('div', { class: ours ? 'msg ours' : 'msg' })
  if (m.body !== '') out.append(h('div', { class: 'bubble', dir: 'auto' }, linked(m.body)))
  if (m.files && m.files.length > 0) out.append(attachments(desk, m.files))
  return out
}

function message(desk: Desk, m: Message, same: boolean): HTMLElement {
  if (isLine(m)) {
    const event = words.events[m.event ?? '']?.(m.by.name ?? '') ?? ''
    return h('p', { class: 'system', dir: 'auto' }, `${m.body || event} · ${hour(m.at)}`)
  }
  const ours = m.by.kind === 'visitor'
  const out = bubble(desk, m, ours)
  if (same) out.classList.add('same')
  const time = h('time', { datetime: m.at }, hour(m.at))
  if (ours) out.prepend(h('p', { class: same ? 'unseen' : 'by' }, h('span', { class: 'unseen' }, `${words.you} `), time))
  else out.prepend(h('p', { class: same ? 'unseen' : 'by' }, h('bdi', {}, m.by.name || words.someone), ' ', time))
  if (ours && !same) (out.firstChild as HTMLElement).style.textAlign = 'end'
  return out
}

function delivery(state: 'sent' | 'seen'): HTMLElement {
  const out = h('p', { class: 'state' }, words.states[state])
  out.prepend(icon(state === 'seen' ? ticks : tick))
  return out
}
