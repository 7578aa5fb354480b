import type { Desk } from './desk'
import { h, icon } from './dom'
import type { MessageFile } from './wire'
import { explainFile, words } from './words'

// The files of a message. Pictures are drawn into a canvas from their bytes: so the host page's policy needs no `img-src`
// for them, and no markup of a file is ever near the page. A file is fetched with the visitor's token, since no address of
// it opens without one.

const arrow = 'M12 4v11m-5-4.5 5 5 5-5M5 20h14'
const sheet = 'M7 3h7l5 5v11a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM14 3v5h5'
const note = 'M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z'
const reel = 'M4 6h16v12H4zM10 9.5v5l4.5-2.5z'

/** The line drawing of a kind of file. */
export const sign = (kind: MessageFile['kind']) => icon(kind === 'audio' ? note : kind === 'video' ? reel : sheet)

/** Draws a picture; rejects where the bytes are none. `edge` bounds its longer side in pixels. */
export async function paint(canvas: HTMLCanvasElement, bytes: Blob, edge = Infinity): Promise<void> {
  const picture = await createImageBitmap(bytes)
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height))
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
}

/** Gives bytes to the browser to keep under a name. */
function offer(bytes: Blob, name: string, beside: Element): void {
  const address = URL.createObjectURL(bytes)
  const link = h('a', { href: address, download: name, hidden: true })
  beside.append(link)
  link.click()
  link.remove()
  setTimeout(() => {
    URL.revokeObjectURL(address)
  }, 60_000)
}

export function attachments(desk: Desk, files: readonly MessageFile[]): HTMLElement {
  const pictured = (f: MessageFile) => f.kind === 'image' && f.w !== undefined && f.h !== undefined
  return h('div', { class: 'files' }, ...files.map((f) => (pictured(f) ? thumbnail(desk, f) : card(desk, f))))
}

/** A small picture that opens the large one. It is fetched when it comes into sight. */
function thumbnail(desk: Desk, f: MessageFile): HTMLElement {
  const canvas = h('canvas', { role: 'img', 'aria-label': f.name })
  const wrong = h('span', { class: 'lost' })
  const button = h('button', { class: 'thumb', type: 'button', title: f.name, 'aria-label': words.enlarge(f.name) }, canvas, wrong)
  const [w, high] = [f.w ?? 1, f.h ?? 1]
  const scale = Math.min(1, 240 / w, 240 / high)
  button.style.width = `${Math.max(64, Math.round(w * scale))}px`
  button.style.height = `${Math.max(48, Math.round(high * scale))}px`
  const load = () => {
    wrong.textContent = ''
    desk
      .thumb(f.id)
      .then((b) => paint(canvas, b))
      .catch(() => {
        wrong.textContent = words.noPicture
      })
  }
  const sight = new IntersectionObserver((seen) => {
    if (!seen.some((s) => s.isIntersecting)) return
    sight.disconnect()
    load()
  })
  sight.observe(button)
  button.addEventListener('click', () => {
    if (wrong.textContent) load()
    else view(desk, f, button)
  })
  return button
}

/** The large picture over the whole window, as a modal dialog: Escape closes it, and the focus goes back. */
function view(desk: Desk, f: MessageFile, from: HTMLElement): void {
  const canvas = h('canvas', { role: 'img', 'aria-label': f.name, hidden: true })
  const said = h('p', { role: 'status' }, words.fetching)
  const close = h('button', { class: 'round', type: 'button', 'aria-label': words.close }, icon('M6 6l12 12M18 6 6 18'))
  const dialog = h(
    'dialog',
    { class: 'viewer', 'aria-label': f.name },
    h('div', { class: 'head' }, h('div', { class: 'who' }, h('h2', { dir: 'auto' }, f.name)), keeper(desk, f, 'round'), close),
    h('div', { class: 'stretch' }, said, canvas),
  )
  close.addEventListener('click', () => {
    dialog.close()
  })
  dialog.addEventListener('keydown', (e) => {
    e.stopPropagation() // the page and the panel have nothing to do with it
  })
  dialog.addEventListener('click', (e) => {
    if ((e.target as Element).matches('dialog, .stretch')) dialog.close()
  })
  dialog.addEventListener('close', () => {
    dialog.remove()
    from.focus()
  })
  ;(from.closest('.stage') ?? from.getRootNode()).appendChild(dialog)
  dialog.showModal()
  close.focus()
  desk
    .bytes(f.id, 'view')
    .then((b) => paint(canvas, b))
    .then(
      () => {
        canvas.hidden = false
        said.textContent = ''
      },
      (e: unknown) => {
        said.textContent = `${words.noFile} ${explainFile(e)}`
      },
    )
}

/** A button that fetches a file and gives it to the browser to keep. */
function keeper(desk: Desk, f: MessageFile, kind: 'round' | 'soft', say?: (text: string) => void): HTMLElement {
  const button = h('button', { class: kind, type: 'button', 'aria-label': words.downloadOf(f.name), title: words.download }, icon(arrow))
  button.addEventListener('click', () => {
    if (button.ariaBusy === 'true') return
    button.ariaBusy = 'true'
    say?.(words.fetching)
    desk
      .bytes(f.id, 'content')
      .then(
        (b) => {
          offer(b, f.name, button)
          say?.('')
        },
        () => say?.(words.noFile),
      )
      .finally(() => {
        button.ariaBusy = null
      })
  })
  return button
}

function card(desk: Desk, f: MessageFile): HTMLElement {
  const said = h('small', { role: 'status' })
  const say = (text: string) => {
    said.textContent = text
  }
  const out = h(
    'div',
    { class: 'card' },
    sign(f.kind),
    h('span', { class: 'text' }, h('b', { dir: 'auto' }, f.name), h('small', {}, words.bytes(f.size)), said),
  )
  if (f.kind === 'audio') out.append(player(desk, f, out, say))
  out.append(keeper(desk, f, 'round', say))
  return out
}

/** Sound is fetched when somebody wants to hear it, and played where the host page's policy lets `blob:` play. */
function player(desk: Desk, f: MessageFile, into: HTMLElement, say: (text: string) => void): HTMLElement {
  const button = h('button', { class: 'round', type: 'button', 'aria-label': words.playOf(f.name), title: words.play }, icon('M8 5.5v13l10.5-6.5z'))
  button.addEventListener('click', () => {
    if (button.ariaBusy === 'true') return
    button.ariaBusy = 'true'
    say(words.fetching)
    desk
      .bytes(f.id, 'content')
      .then(
        (b) => {
          say('')
          const sound = h('audio', { controls: true, 'aria-label': f.name })
          sound.addEventListener('error', () => {
            URL.revokeObjectURL(sound.src)
            sound.remove()
            say(words.noSound)
          })
          sound.src = URL.createObjectURL(b)
          button.remove()
          into.after(sound)
          sound.focus()
          sound.play().catch(() => undefined) // then it is started by hand
        },
        () => {
          say(words.noFile)
        },
      )
      .finally(() => {
        button.ariaBusy = null
      })
  })
  return button
}

