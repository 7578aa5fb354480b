import { h, icon } from './dom'
import { paint, sign } from './files'
import type { Upload, Uploads } from './uploads'
import { words } from './words'

// What is attached to the message that is being written: each file with how far it has got, and a way to take it away.

interface Piece {
  element: HTMLElement
  said: HTMLElement
  bar: HTMLProgressElement
  again: HTMLElement
  was: string
}

/** A picture larger than this is not decoded only to show it small. */
const previewed = 20 << 20

export class Tray {
  readonly element = h('div', { class: 'tray', hidden: true })
  private readonly list = h('ul', { 'aria-label': words.attached })
  private readonly news = h('p', { class: 'unseen', role: 'status' })
  private readonly pieces = new Map<string, Piece>()

  constructor(
    private readonly uploads: Uploads,
    private readonly room: string,
    private readonly removed: () => void,
  ) {
    this.element.append(this.list)
    this.element.append(this.news)
  }

  update(): void {
    const all = this.uploads.of(this.room)
    const ids = new Set(all.map((u) => u.id))
    for (const [id, piece] of this.pieces) {
      if (ids.has(id)) continue
      piece.element.remove()
      this.pieces.delete(id)
    }
    for (const u of all) {
      let piece = this.pieces.get(u.id)
      if (!piece) {
        piece = this.piece(u)
        this.pieces.set(u.id, piece)
        this.list.append(piece.element)
      }
      this.show(piece, u)
    }
    this.element.hidden = all.length === 0
  }

  private piece(u: Upload): Piece {
    const said = h('small')
    const bar = h('progress', { 'aria-label': words.progress(u.name), max: u.size })
    const again = h(
      'button',
      {
        class: 'soft',
        type: 'button',
        'aria-label': words.retryOf(u.name),
        hidden: true,
        onclick: () => {
          this.uploads.retry(u.id)
        },
      },
      words.retry,
    )
    const off = h(
      'button',
      {
        class: 'round',
        type: 'button',
        'aria-label': words.remove(u.name),
        onclick: () => {
          this.uploads.remove(u.id)
          this.removed()
        },
      },
      icon('M7 7l10 10M17 7 7 17'),
    )
    const element = h('li', {}, preview(u), h('span', { class: 'text' }, h('b', { dir: 'auto' }, u.name), said, bar), again, off)
    return { element, said, bar, again, was: '' }
  }

  private show(piece: Piece, u: Upload): void {
    const part = Math.floor((100 * u.sent) / u.size)
    const state = words.file[u.state]
    const size = words.bytes(u.size)
    const texts = {
      sending: `${size} · ${words.percent(part)}`,
      waiting: u.reason ?? state,
      checking: state,
      ready: size,
      failed: u.reason ? `${state}. ${u.reason}` : state,
    }
    const text = texts[u.state]
    if (piece.said.textContent !== text) piece.said.textContent = text
    piece.bar.value = u.sent
    piece.bar.hidden = u.state !== 'sending' && u.state !== 'waiting'
    piece.again.hidden = u.state !== 'failed' || u.again === false
    piece.element.classList.toggle('failed', u.state === 'failed')
    if (piece.was === u.state) return
    piece.was = u.state
    this.news.textContent = words.fileState(u.name, u.state === 'failed' ? text : state)
  }
}

function preview(u: Upload): Element {
  if (!u.blob || !/^image\/(png|jpeg|gif|webp)$/.test(u.type) || u.size > previewed) return sign(u.file?.kind ?? 'other')
  const canvas = h('canvas', { 'aria-hidden': 'true' })
  paint(canvas, u.blob, 96).catch(() => {
    canvas.replaceWith(sign('other'))
  })
  return canvas
}
