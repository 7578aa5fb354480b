import { Button, Modal } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Problem, sentence } from '~/api'
import { Notice, toast } from '~/look'
import forms from '../forms/Forms.module.css'
import type { Difference, Security } from './data'
import { useChanged } from './data'
import styles from './Security.module.css'
import { words } from './words'

/** Shows old beside new before anything is saved. A change by somebody else meanwhile is shown, and nothing typed is lost. */
export function Review({ changes, moved, children, barred, save, conflict, close, done, refuse }: {
  changes: readonly Difference[]
  /** Somebody else saved something since the form was opened. */
  moved: boolean
  children?: ReactNode
  /** Saving would be refused anyway. */
  barred?: boolean
  save: () => Promise<Security>
  /** What was seen is not what stands: the next saving is about what is read now. */
  conflict: () => void
  close: () => void
  done: () => void
  /** The server has something against a field: back to the form. */
  refuse: (error: Problem) => void
}) {
  const changed = useChanged()
  const { mutate, isPending, error } = useMutation({
    mutationFn: save,
    onSuccess: (now) => { changed(now); toast(words.saved); close(); done() },
    onError: (problem) => {
      if (!(problem instanceof Problem)) return
      if (problem.status === 422) { close(); refuse(problem) }
      if (problem.status === 409) {
        conflict()
        changed()
      }
    },
  })
  return (
    <Modal opened onClose={close} title={words.reviewTitle} size="lg">
      {moved && <Notice tone="warn">{words.moved}</Notice>}
      {error && !(error instanceof Problem && (error.unproved || (moved && error.status === 409))) && <Notice tone="danger">{sentence(error)}</Notice>}
      <table className={styles.diff}>
        <thead><tr><td /><th scope="col">{words.before}</th><th scope="col">{words.after}</th></tr></thead>
        <tbody>
          {changes.map((one) => <tr key={one.name}><th scope="row">{one.name}</th><td>{one.before}</td><td>{one.after}</td></tr>)}
        </tbody>
      </table>
      {children && <div className={styles.under}>{children}</div>}
      <div className={forms.foot}>
        <Button variant="default" data-autofocus onClick={close}>{words.cancel}</Button>
        <Button disabled={barred} loading={isPending} onClick={() => { mutate() }}>{words.save}</Button>
      </div>
    </Modal>
  )
}
