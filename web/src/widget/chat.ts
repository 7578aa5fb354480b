import css from './chat.css?inline'
import { Refused } from './api'
import { Desk } from './desk'
import { h, icon, replace } from './dom'
import { Form } from './form'
import { List } from './list'
import type { Chat, Mount } from './mount'
import { Conversation } from './talk'
import type { View } from './view'
import { explain, words } from './words'

// The panel. It is a dialog that leaves the page usable: no focus trap, Esc closes, and the focus goes back to the
// button (WCAG 2.2, 2.4.3).

class Panel implements Chat {
  private readonly desk: Desk
  private readonly title = h('h2', { id: 'title', tabindex: -1 }, words.ourChat)
  private readonly subtitle = h('p')
  private readonly back = h(
    'button',
    { class: 'round back', type: 'button', 'aria-label': words.back, hidden: true },
    icon('m14.5 5.5-6.5 6.5 6.5 6.5'),
  )
  private readonly strip = h('p', { class: 'strip', role: 'status' })
  private readonly news = h('p', { class: 'unseen', role: 'status' })
  private readonly body = h('div', { class: 'body' })
  private readonly panel: HTMLElement
  private view: View | undefined
  private waiting = false
  private fresh = false

  constructor(private readonly mount: Mount) {
    mount.adopt(css)
    this.desk = new Desk(
      mount.origin,
      () => {
        this.soon()
      },
      (m) => {
        if (!this.isOpen || document.visibilityState === 'hidden') this.news.textContent = words.newMessage(m.by.name || words.someone)
      },
    )
    this.back.addEventListener('click', () => {
      this.showList()
    })
    this.panel = h(
      'section',
      {
        class: 'panel',
        role: 'dialog',
        'aria-modal': 'false',
        'aria-labelledby': 'title',
        hidden: true,
        onkeydown: (e: KeyboardEvent) => {
          this.key(e)
        },
        ondragover: (e: DragEvent) => {
          this.over(e)
        },
        ondragleave: (e: DragEvent) => {
          if (!this.panel.contains(e.relatedTarget as Node | null)) this.panel.classList.remove('dropping')
        },
        ondrop: (e: DragEvent) => {
          this.dropped(e)
        },
      },
      h(
        'div',
        { class: 'head' },
        this.back,
        h('div', { class: 'who' }, this.title, this.subtitle),
        h(
          'button',
          {
            class: 'round',
            type: 'button',
            'aria-label': words.close,
            onclick: () => {
              this.close()
            },
          },
          icon('M6 6l12 12M18 6 6 18'),
        ),
      ),
      this.strip,
      this.body,
      h('p', { class: 'target', 'aria-hidden': 'true' }, words.drop),
    )
    // Before the button in the order of the page, so that it can hide the button on a phone.
    mount.stage.prepend(this.panel)
    mount.stage.append(this.news)
    this.fit()
    document.addEventListener('visibilitychange', () => {
      this.soon()
    })
    if (this.desk.visitor) this.desk.resume().catch(() => undefined)
  }

  private get isOpen(): boolean {
    return !this.panel.hidden
  }

  open(focus: boolean): void {
    this.panel.hidden = false
    this.desk.wasOpen = true
    this.news.textContent = ''
    this.mount.opened()
    if (this.view) {
      this.update()
      this.enter(focus)
    } else void this.begin(focus)
  }

  close(): void {
    const inside = this.panel.contains((this.panel.getRootNode() as ShadowRoot).activeElement)
    this.panel.hidden = true
    this.desk.wasOpen = false
    this.mount.closed(inside)
    this.soon()
  }

  /** `quietly` it is the next look at a workspace that could not be read. */
  private async begin(focus: boolean, quietly = false): Promise<void> {
    if (this.fresh) return
    this.fresh = true
    if (!quietly) {
      replace(this.body, h('div', { class: 'scroll' }, h('p', { role: 'status' }, words.loading)))
      if (focus) this.title.focus()
    }
    try {
      await Promise.all([this.desk.configure(), this.desk.listed ? undefined : this.desk.resume()])
      if (!this.view || !quietly) {
        this.choose()
        this.enter(focus)
      }
      this.update()
    } catch (e) {
      if (e instanceof Refused && e.away) {
        this.calm(e, focus)
        return
      }
      if (quietly) {
        this.look()
        return
      }
      const again = h(
        'button',
        {
          class: 'main',
          type: 'button',
          onclick: () => {
            void this.begin(true)
          },
        },
        words.tryAgain,
      )
      replace(
        this.body,
        h(
          'div',
          { class: 'scroll' },
          h(
            'p',
            { class: 'error', role: 'alert' },
            e instanceof Refused && e.status === 0 && !this.desk.offline ? words.unreachable : explain(e),
          ),
          again,
        ),
      )
      if (focus) again.focus()
    } finally {
      this.fresh = false
    }
  }

  /** The workspace can't be read right now: what this browser knows is shown, and asked for again without a word. */
  private calm(e: Refused, focus: boolean): void {
    this.desk.standIn()
    if (this.desk.talks.size > 0 && !this.view) {
      this.choose()
      this.enter(focus)
    } else if (!this.view) replace(this.body, h('div', { class: 'scroll' }, h('p', { class: 'info', role: 'status' }, explain(e))))
    this.look()
  }

  private look(): void {
    setTimeout(() => {
      void this.begin(false, true)
    }, 10_000)
  }

  /** The newest conversation that goes on; else the list, if there is one; else the form. */
  private choose(): void {
    const talks = [...this.desk.talks.values()]
    const going = talks.find((t) => t.enquiry.state !== 'Closed')
    if (going) this.showTalk(going.enquiry.room)
    else if (talks.length > 0) this.showList()
    else this.showForm()
  }

  private showForm(question = ''): void {
    this.show(
      new Form(
        this.desk,
        (room) => {
          this.showTalk(room)
        },
        question,
      ),
    )
  }

  private showList(): void {
    this.show(
      new List(
        this.desk,
        (room) => {
          this.showTalk(room)
        },
        () => {
          this.showForm()
        },
      ),
    )
  }

  private showTalk(room: string): void {
    const talk = this.desk.talks.get(room)
    const view = new Conversation(this.desk, room, (question) => {
      this.showForm(question)
    })
    this.show(view)
    view.shown()
    this.desk.remember(room)
    if (talk && !talk.ready) void this.desk.catchUp(talk)
  }

  private show(view: View): void {
    this.view = view
    replace(this.body, view.element)
    this.update()
    this.enter(this.isOpen)
  }

  /** On a touch screen the focus goes to the title: a field would raise the keyboard over what is to be read. */
  private enter(focus: boolean): void {
    if (!focus) return
    if (matchMedia('(pointer: coarse)').matches) this.title.focus()
    else this.view?.focus()
  }

  private soon(): void {
    if (this.waiting) return
    this.waiting = true
    queueMicrotask(() => {
      this.waiting = false
      this.update()
    })
  }

  private update(): void {
    const { desk, view } = this
    if (view && !(view instanceof Form) && desk.lost) {
      this.showForm()
      return
    }
    if (view) {
      this.title.textContent = view.title()
      this.subtitle.textContent = view.subtitle()
      this.back.hidden = !view.backable
      view.update()
    }
    this.strip.textContent = desk.offline ? words.offline : desk.barred || (!view || view instanceof Form ? '' : desk.away)
    if (view instanceof Conversation && !desk.offline && !desk.barred && !desk.away && desk.line === 'down') this.reconnecting()
    if (view instanceof Conversation && this.isOpen && document.visibilityState === 'visible') view.read()
    let unread = 0
    for (const talk of desk.talks.values()) unread += desk.unread(talk)
    this.mount.unread(unread)
  }

  /** Only a break that lasts is worth a word. */
  private reconnecting(): void {
    setTimeout(() => {
      if (this.desk.line === 'down' && !this.desk.offline && !this.desk.barred && !this.desk.away) this.strip.textContent = words.reconnecting
    }, 2500)
  }

  private key(e: KeyboardEvent): void {
    if (e.key === 'Escape' && !e.isComposing) {
      e.stopPropagation() // the host page's own dialogs stay as they are
      this.close()
    } else if (e.key.length === 1) e.stopPropagation() // nor do its shortcuts hear what is typed here
  }

  private over(e: DragEvent): void {
    if (!e.dataTransfer?.types.includes('Files')) return
    e.preventDefault() // a file that is dropped beside the place for it must not take the page's place
    e.stopPropagation()
    const taken = this.view?.take !== undefined
    e.dataTransfer.dropEffect = taken ? 'copy' : 'none'
    this.panel.classList.toggle('dropping', taken)
  }

  private dropped(e: DragEvent): void {
    this.panel.classList.remove('dropping')
    if (!e.dataTransfer?.types.includes('Files')) return
    e.preventDefault()
    e.stopPropagation() // nor is it for the host page's own drop zones
    this.view?.take?.([...e.dataTransfer.files])
  }

  /** On a phone the panel fills what the on-screen keyboard leaves free. */
  private fit(): void {
    const port = window.visualViewport
    if (!port) return
    const set = () => {
      this.panel.style.setProperty('--high', `${port.height}px`)
      this.panel.style.setProperty('--top', `${port.offsetTop}px`)
      if (this.isOpen) this.view?.update()
    }
    port.addEventListener('resize', set)
    port.addEventListener('scroll', set)
    set()
  }
}

export function start(mount: Mount): Chat {
  return new Panel(mount)
}
