import { Refused } from './api'
import { blocks } from './blocks'
import type { Desk } from './desk'
import { h, linked, replace } from './dom'
import { uuid } from './uuid'
import { explain, words } from './words'
import type { View } from './view'

const limits = { name: 80, email: 254, question: 4000 }
type Field = keyof typeof limits
const mailbox = /^[^\s@<>()",;:\\[\]]+@[^\s@<>()",;:\\[\]]+\.[^\s@<>()",;:\\[\]]+$/

/** The path alone: what stands behind ? and # may be a secret of the site. */
const pageHere = () => (location.pathname.length <= 500 ? { page: location.pathname } : {})

/** The first question of an enquiry: greeting, name, question, privacy notice, and agreement by sending. */
export class Form implements View {
  readonly element = h('div', { class: 'body' })
  readonly backable: boolean
  private readonly inputs: Record<Field, HTMLInputElement | HTMLTextAreaElement>
  private readonly wrongs: Record<Field, HTMLElement>
  private readonly away = h('p', { class: 'info', role: 'status' })
  private readonly error = h('p', { class: 'error', role: 'alert' })
  private readonly button = h('button', { class: 'main', type: 'submit' }, words.agreeAndSend)
  private id = uuid()
  private key = uuid() // not the id: staff see that one
  private asked = ''
  private busy = false

  constructor(
    private readonly desk: Desk,
    private readonly began: (room: string) => void,
    question = '',
  ) {
    this.backable = desk.talks.size > 0
    this.inputs = {
      name: h('input', { id: 'name', type: 'text', autocomplete: 'name', required: true, dir: 'auto' }),
      email: h('input', { id: 'email', type: 'email', autocomplete: 'email', dir: 'auto' }),
      question: h('textarea', { id: 'question', rows: 3, required: true, dir: 'auto' }),
    }
    const wrong = (f: Field) => h('p', { class: 'wrong', id: `${f}-wrong` })
    this.wrongs = { name: wrong('name'), email: wrong('email'), question: wrong('question') }
    this.inputs.name.value = desk.visitor?.name ?? ''
    this.inputs.question.value = question
    const fields = h('div', { class: 'scroll' }, ...this.opening(), this.away, this.error)
    fields.append(
      this.field('name', words.name),
      this.field('email', words.email, true),
      this.field('question', words.question),
      this.privacy(),
    )
    const foot = h('div', { class: 'foot' }, h('p', {}, words.agree(desk.config?.company ?? '')), this.button)
    replace(
      this.element,
      h(
        'form',
        {
          class: 'body',
          novalidate: true,
          onsubmit: (e: Event) => {
            this.submit(e)
          },
        },
        fields,
        foot,
      ),
    )
  }

  title(): string {
    return words.chat(this.desk.config?.company ?? '')
  }

  subtitle(): string {
    return ''
  }

  update(): void {
    this.away.textContent = this.desk.away === '' ? '' : words.noNew
  }

  focus(): void {
    const { name, question } = this.inputs
    ;(name.value === '' ? name : question).focus()
  }

  private opening(): HTMLElement[] {
    const { desk } = this
    return [
      h('p', { class: 'info' }, desk.lost ? words.expired : ''),
      desk.config?.greeting ? h('p', { class: 'greeting', dir: 'auto' }, desk.config.greeting) : h('span'),
      h('p', { class: 'info' }, desk.config?.waiting_staff === false ? words.away : ''),
    ]
  }

  private field(f: Field, label: string, optional = false): HTMLElement {
    const input = this.inputs[f]
    input.setAttribute('aria-describedby', `${f}-wrong`)
    input.addEventListener('input', () => {
      if (input.ariaInvalid === 'true') this.mark(f, '')
    })
    return h(
      'div',
      { class: 'field' },
      h('label', { for: f }, label, ' ', optional && h('small', {}, `(${words.optional})`)),
      input,
      this.wrongs[f],
    )
  }

  private privacy(): HTMLElement {
    const { config } = this.desk
    const policy = h('div', { class: 'policy' }, h('h3', {}, `${config?.privacy.title ?? ''} (${config?.privacy.version ?? ''})`))
    for (const b of blocks(config?.privacy.text_md ?? '')) {
      if (b.kind === 'list') policy.append(h('ul', {}, ...b.lines.map((l) => h('li', {}, linked(l)))))
      else policy.append(h(b.kind === 'heading' ? 'h3' : 'p', {}, linked(b.lines.join(' '))))
    }
    const page = h('a', { href: this.desk.policyPage, target: '_blank', rel: 'noopener noreferrer' }, words.noticePage)
    const notice = h('details', {}, h('summary', {}, words.notice), policy, page)
    // It stands at the end of the form and opens below what is in sight.
    notice.addEventListener('toggle', () => {
      if (notice.open) notice.scrollIntoView({ block: 'start' })
    })
    return h(
      'div',
      { class: 'fine' },
      config?.privacy_notice ? h('p', { dir: 'auto' }, linked(config.privacy_notice)) : undefined,
      notice,
    )
  }

  private mark(f: Field, wrong: string): void {
    this.wrongs[f].textContent = wrong
    if (wrong === '') this.inputs[f].removeAttribute('aria-invalid')
    else this.inputs[f].setAttribute('aria-invalid', 'true')
  }

  private sound(values: Record<Field, string>): boolean {
    const wrong: Record<Field, string> = {
      name: values.name === '' ? words.nameMissing : '',
      email: values.email !== '' && !mailbox.test(values.email) ? words.emailWrong : '',
      question: values.question === '' ? words.questionMissing : '',
    }
    for (const f of Object.keys(limits) as Field[]) {
      const over = Array.from(values[f]).length - limits[f]
      this.mark(f, over > 0 ? words.tooLong(over) : wrong[f])
    }
    return this.toFirstWrong()
  }

  /** Moves the focus to the first field that needs attention; true if none does. */
  private toFirstWrong(): boolean {
    const first = Object.values(this.inputs).find((i) => i.getAttribute('aria-invalid') === 'true')
    first?.focus()
    return first === undefined
  }

  private submit(e: Event): void {
    e.preventDefault()
    if (this.busy) return
    const values = {
      name: this.inputs.name.value.trim(),
      email: this.inputs.email.value.trim(),
      question: this.inputs.question.value.trim(),
    }
    this.error.textContent = ''
    if (!this.sound(values)) return
    // The same words again are the same enquiry; changed ones are another.
    const asked = JSON.stringify(values)
    if (this.asked !== asked) [this.id, this.key] = [uuid(), uuid()]
    this.asked = asked
    void this.begin(values)
  }

  private async begin(values: Record<Field, string>): Promise<void> {
    this.working(true)
    try {
      const room = await this.desk.begin({
        id: this.id,
        name: values.name,
        ...(values.email === '' ? {} : { email: values.email }),
        question: values.question,
        ...pageHere(),
        language: navigator.language,
        privacy_version: this.desk.config?.privacy.version ?? '',
      }, this.key)
      this.began(room)
    } catch (e) {
      if (e instanceof Refused && e.final) this.asked = '' // nothing was made: the next try is a new one
      this.refused(e)
    } finally {
      this.working(false)
    }
  }

  private refused(e: unknown): void {
    const unplaced: { name: string; reason: string }[] = []
    if (e instanceof Refused && e.status === 422) {
      for (const f of e.fields) {
        if (f.name in limits) this.mark(f.name as Field, explain(new Refused(422, '', [f])))
        else unplaced.push(f)
      }
      if (unplaced.length === 0 && e.fields.length > 0) {
        this.toFirstWrong()
        return
      }
    }
    if (e instanceof Refused && e.away) {
      this.error.textContent = words.noNew
      this.error.scrollIntoView({ block: 'nearest' })
      return
    }
    this.error.textContent = explain(unplaced.length > 0 ? new Refused(422, '', unplaced) : e)
    this.error.scrollIntoView({ block: 'nearest' })
  }

  private working(on: boolean): void {
    this.busy = on
    this.button.textContent = on ? words.sending : words.agreeAndSend
    this.button.setAttribute('aria-disabled', String(on))
  }
}
