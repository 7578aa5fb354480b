// The one script of a site that carries the chat. It defines <parlatory-chat>, puts one into the page if the page has
// none, and draws the button. The chat itself is fetched from the script's own origin when somebody opens it, or
// when a visitor comes back who has a conversation, so that an answer shows on the button.
import css from './loader.css?inline'
import { Keep } from './keep'
import type { Chat, Mount } from './mount'
import { words } from './words.loader'

/** The hashed name of the chat, put in by the build. */
declare const __CHAT__: string

const tag = 'parlatory-chat'
const svg = 'http://www.w3.org/2000/svg'

function draw(name: string, path: string): SVGSVGElement {
  const icon = document.createElementNS(svg, 'svg')
  icon.setAttribute('viewBox', '0 0 24 24')
  icon.setAttribute('aria-hidden', 'true')
  icon.setAttribute('class', name)
  const line = document.createElementNS(svg, 'path')
  line.setAttribute('d', path)
  icon.append(line)
  return icon
}

/** Adds a style sheet to the shadow root. A constructed one needs no permission of the host page's policy. */
function adopt(root: ShadowRoot, text: string, nonce: string): void {
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(text)
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  } catch {
    const style = document.createElement('style')
    if (nonce) style.nonce = nonce
    style.textContent = text
    root.prepend(style)
  }
}

function define(origin: string, script: HTMLScriptElement): void {
  class ParlatoryChat extends HTMLElement {
    static observedAttributes = ['data-theme', 'data-side']
    #stage = document.createElement('div')
    #button = document.createElement('button')
    #count = document.createElement('span')
    #note = document.createElement('div')
    #dark = matchMedia('(prefers-color-scheme: dark)')
    #loading: Promise<Chat> | undefined
    #ready = false

    connectedCallback(): void {
      this.#dark.addEventListener('change', this.#paint)
      this.#paint()
      if (this.#ready) return
      this.#ready = true
      this.#build()
      // Back in this tab with the panel open, or back another day with a conversation that may have an answer.
      const keep = new Keep(origin)
      const wide = matchMedia('(min-width: 481px)').matches
      if (keep.visitor() || keep.open) {
        const start = () =>
          void this.#load().then(
            (chat) => {
              if (keep.open && wide) chat.open(false)
            },
            () => undefined,
          )
        if ('requestIdleCallback' in window) requestIdleCallback(start, { timeout: 3000 })
        else setTimeout(start, 500)
      }
    }

    disconnectedCallback(): void {
      this.#dark.removeEventListener('change', this.#paint)
    }

    attributeChangedCallback(): void {
      this.#paint()
    }

    /** Opens the chat, as a press on the button does. */
    open(): void {
      this.#button.setAttribute('aria-busy', 'true')
      this.#note.textContent = ''
      this.#load()
        .then(
          (chat) => {
            chat.open(true)
          },
          () => {
            this.#note.textContent = words.notLoaded
          },
        )
        .finally(() => {
          this.#button.removeAttribute('aria-busy')
        })
    }

    close(): void {
      void this.#loading?.then((chat) => {
        chat.close()
      })
    }

    #build(): void {
      const root = this.attachShadow({ mode: 'open' })
      adopt(root, css, this.nonce || script.nonce)
      this.#stage.lang = 'en'
      this.#button.className = 'launch'
      this.#button.type = 'button'
      this.#button.setAttribute('aria-expanded', 'false')
      this.#button.setAttribute('aria-haspopup', 'dialog')
      this.#button.setAttribute('aria-label', words.open(0))
      this.#count.className = 'count'
      this.#count.ariaHidden = 'true'
      this.#button.append(
        draw('talk', 'M4 18.5V7a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3H9l-4.2 3.2a.5.5 0 0 1-.8-.4zM8.5 9h7M8.5 12.5h4.5'),
        draw('down', 'm6 9.5 6 6 6-6'),
        this.#count,
      )
      this.#button.addEventListener('click', () => {
        if (this.#button.ariaExpanded === 'true') this.close()
        else this.open()
      })
      this.#note.className = 'note'
      this.#note.setAttribute('role', 'status')
      this.#stage.append(this.#note, this.#button)
      root.append(this.#stage)
    }

    #paint = (): void => {
      const asked = this.dataset['theme'] ?? script.dataset['theme']
      const dark = asked === 'dark' || (asked !== 'light' && this.#dark.matches)
      const start = (this.dataset['side'] ?? script.dataset['side']) === 'start'
      const rtl = getComputedStyle(this).direction === 'rtl' // the one thing that `all` leaves to the page
      this.#stage.className = `stage${dark ? ' dark' : ''}${start ? ' start' : ''}${rtl ? ' rtl' : ''}`
    }

    #load(): Promise<Chat> {
      this.#loading ??= (import(/* @vite-ignore */ `${origin}/widget/${__CHAT__}`) as Promise<{ start(m: Mount): Chat }>)
        .then((chat) => chat.start(this.#mount()))
        .catch((cause: unknown) => {
          this.#loading = undefined // the next press tries again
          throw cause
        })
      return this.#loading
    }

    #mount(): Mount {
      let unread = 0
      const label = (open: boolean) => {
        this.#button.setAttribute('aria-expanded', String(open))
        this.#button.setAttribute('aria-label', open ? words.close : words.open(unread))
        this.#count.textContent = open || unread === 0 ? '' : unread > 99 ? '99+' : String(unread)
      }
      return {
        origin,
        stage: this.#stage,
        adopt: (text) => {
          adopt(this.shadowRoot as ShadowRoot, text, this.nonce || script.nonce)
        },
        unread: (count) => {
          unread = count
          label(this.#button.getAttribute('aria-expanded') === 'true')
        },
        opened: () => {
          label(true)
        },
        closed: (focus) => {
          label(false)
          if (focus) this.#button.focus()
        },
      }
    }
  }

  customElements.define(tag, ParlatoryChat)
  const place = () => {
    if (!document.querySelector(tag)) document.body.append(document.createElement(tag))
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', place)
  else place()
}

const script = document.currentScript
if (script instanceof HTMLScriptElement && script.src !== '' && !customElements.get(tag)) define(new URL(script.src).origin, script)
