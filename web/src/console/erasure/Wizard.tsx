import { Button, Modal, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Problem, sentence } from '~/api'
import { Failed } from '~/look'
import { useFocusBack } from '../forms/focus'
import forms from '../forms/Forms.module.css'
import { Bones } from '../forms/parts'
import { may, useMe } from '../session'
import { ConfirmStep } from './Confirm'
import styles from './Erasure.module.css'
import { contactGone, type Erasure, idOf, useKept } from './queries'
import { CopyStep, DoneStep, GoesStep } from './Steps'
import { words } from './words'

const text = words.wizard
type Step = keyof typeof text.steps

/**
 * Erases a contact, step by step: what goes, a copy, reason and id. Nothing happens before the last button. Without a contact it asks for an id
 * first. close hears whether somebody was erased.
 */
export function Wizard({ contact, close }: { contact?: string; close: (erased: boolean) => void }) {
  useFocusBack()
  const client = useQueryClient()
  const [id, setId] = useState(contact)
  const [name, setName] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState<Erasure>()
  const leave = () => { if (!busy) close(done !== undefined) }
  const title = done ? text.doneTitle : name ? text.title(name) : text.whoTitle
  return (
    <Modal opened onClose={leave} title={title} size={620} closeOnClickOutside={false} closeOnEscape={!busy} withCloseButton={!busy}>
      {done ? <DoneStep erasure={done} close={leave} />
      : id ? (
        <Walk
          contact={id} named={setName} setBusy={setBusy} close={leave}
          erased={(erasure) => {
            setBusy(false)
            setDone(erasure)
            contactGone(client)
          }}
        />
      ) : <Who next={setId} close={leave} />}
    </Modal>
  )
}

function Who({ next, close }: { next: (id: string) => void; close: () => void }) {
  const [value, setValue] = useState('')
  const [wrong, setWrong] = useState('')
  const [asked, ask] = useState('')
  const { error, isFetching, data } = useKept(asked, asked !== '')
  useEffect(() => { if (data && asked) next(asked) }, [data, asked, next])
  const unknown = error instanceof Problem && error.status === 404 ? words.unknown : error ? sentence(error) : ''
  return (
    <form className={forms.stack} noValidate onSubmit={(event) => {
      event.preventDefault()
      const id = idOf(value)
      setWrong(id ? '' : words.idWrong)
      ask(id ?? '')
    }}>
      <TextInput
        label={words.id} description={words.idHint} required withAsterisk={false} autoComplete="off" spellCheck={false} maxLength={60} data-autofocus
        value={value} error={wrong || unknown || undefined} onChange={(event) => { setValue(event.currentTarget.value); setWrong(''); ask('') }}
      />
      <div className={forms.foot}>
        <Button variant="default" onClick={close}>{words.cancel}</Button>
        <Button type="submit" loading={isFetching}>{text.next}</Button>
      </div>
    </form>
  )
}

function Walk({ contact, named, setBusy, close, erased }: {
  contact: string
  named: (name: string) => void
  setBusy: (busy: boolean) => void
  close: () => void
  erased: (erasure: Erasure) => void
}) {
  const me = useMe()
  const { data, error, isPending, isFetching, refetch } = useKept(contact)
  const [at, setAt] = useState<Step>('goes')
  const [copied, setCopied] = useState(false)
  const heading = useRef<HTMLHeadingElement>(null)
  const name = data?.contact.name
  useEffect(() => { if (name) named(name) }, [name, named])
  const ready = data !== undefined
  useEffect(() => { if (ready) heading.current?.focus() }, [at, ready])
  if (isPending) return <Bones />
  if (!data) return <Failed text={`${text.loadFailed}. ${sentence(error)}`} again={() => void refetch()} />
  const steps: Step[] = may(me, 'archive.export') ? ['goes', 'copy', 'confirm'] : ['goes', 'confirm']
  const to = (by: 1 | -1) => { setAt(steps[steps.indexOf(at) + by] ?? at) }
  const head = <h3 ref={heading} tabIndex={-1} data-autofocus className={styles.step}>{text.headings[at]}</h3>
  return (
    <>
      <Steps steps={steps} at={at} />
      {at === 'goes' && <GoesStep heading={head} kept={data} busy={isFetching} again={() => void refetch()} next={() => { to(1) }} close={close} />}
      {at === 'copy' && <CopyStep heading={head} contact={contact} copied={copied} done={() => { setCopied(true) }} next={() => { to(1) }} back={() => { to(-1) }} />}
      {at === 'confirm' && <ConfirmStep heading={head} contact={data.contact} setBusy={setBusy} back={() => { to(-1) }} done={erased} />}
    </>
  )
}

function Steps({ steps, at }: { steps: Step[]; at: Step }) {
  return (
    <ol className={styles.steps} aria-label={text.stepsName}>
      {steps.map((one, i) => (
        <li key={one} data-past={i < steps.indexOf(at) || undefined} aria-current={one === at ? 'step' : undefined}><span aria-hidden>{i + 1}</span>{text.steps[one]}</li>
      ))}
    </ol>
  )
}
