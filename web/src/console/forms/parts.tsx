import { Button, Modal, Skeleton } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { IconCopy } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Problem, sentence } from '~/api'
import { Notice, toast } from '~/look'
import { useFocusBack } from './focus'
import styles from './Forms.module.css'
import { words } from './words'

/** Asks before something that others will feel, and names the consequence. */
export function Confirm<T>({ title, text, children, yes, danger = false, act, close, done }: {
  title: string
  text: string
  /** What one sentence does not hold. */
  children?: ReactNode
  yes: string
  danger?: boolean
  act: () => Promise<T>
  close: () => void
  done: (answer: T) => void
}) {
  useFocusBack()
  const { mutate, isPending, error } = useMutation({ mutationFn: act, onSuccess: (answer) => { close(); done(answer) } })
  return (
    <Modal opened onClose={close} title={title}>
      <div className={styles.stack}>
        <p style={{ margin: 0 }}>{text}</p>
        {children}
        {error && !(error instanceof Problem && error.unproved) && <Notice tone="danger">{sentence(error)}</Notice>}
      </div>
      <div className={styles.foot}>
        <Button variant="default" data-autofocus onClick={close}>{words.cancel}</Button>
        <Button color={danger ? 'danger' : undefined} loading={isPending} onClick={() => { mutate() }}>{yes}</Button>
      </div>
    </Modal>
  )
}

/** Copies a text, and says so. */
export function Copy({ text }: { text: string }) {
  const copy = () => {
    navigator.clipboard.writeText(text).then(() => { toast(words.copied) }, () => { toast(words.copyFailed, 'bad') })
  }
  return <Button variant="default" size="xs" leftSection={<IconCopy size={16} />} onClick={copy}>{words.copy}</Button>
}

export function Bones() {
  return (
    <div role="status" aria-label={words.loading} className={styles.stack}>
      {[0, 1, 2].map((i) => <Skeleton key={i} height={40} />)}
    </div>
  )
}

/** Shows what the server has against a form: beside the field where it names one, above the form otherwise. */
export function refuse(error: unknown, setErrors: (errors: Record<string, string>) => void, fields: readonly string[]): string | undefined {
  if (!(error instanceof Problem)) return sentence(error)
  if (error.unproved) return undefined // the person broke off, and what they wrote stands
  const known = Object.entries(error.fields).filter(([name]) => fields.includes(name))
  setErrors(Object.fromEntries(known.map(([name, reason]) => [name, upper(reason)])))
  return known.length > 0 ? undefined : sentence(error)
}

/** Reasons come as the rest of a sentence: "must be …". */
function upper(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')
}

