import { Button, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { api, take } from '~/api'
import { Notice } from '~/look'
import forms from '../forms/Forms.module.css'
import { refuse } from '../forms/parts'
import styles from './Erasure.module.css'
import { Reason } from './Holds'
import { type Erasure, idOf, type Kept } from './queries'
import { words } from './words'

const text = words.wizard

/** The last step. Enter in a field does nothing here: only the button erases. */
export function ConfirmStep({ heading, contact, setBusy, back, done }: {
  heading: ReactNode
  contact: Kept['contact']
  setBusy: (busy: boolean) => void
  back: () => void
  done: (erasure: Erasure) => void
}) {
  const [problem, setProblem] = useState<string>()
  const form = useForm({
    initialValues: { reason: '', confirm: '' },
    validate: {
      reason: (value) => (value.trim() === '' ? words.reasonMissing : null),
      confirm: (value) => (idOf(value) === contact.id ? null : text.idOther),
    },
  })
  const { mutate, isPending } = useMutation({
    mutationFn: ({ reason }: typeof form.values) => {
      setBusy(true)
      return take(api.POST('/api/v1/contacts/{id}/erase', { params: { path: { id: contact.id } }, body: { confirm: contact.id, reason: reason.trim() } }))
    },
    onSuccess: done,
    onError: (error) => {
      setBusy(false)
      setProblem(refuse(error, form.setErrors, ['reason', 'confirm']))
    },
  })
  const erase = () => {
    setProblem(undefined)
    form.onSubmit((values) => { mutate(values) })()
  }
  return (
    <form className={forms.stack} noValidate onSubmit={(event) => { event.preventDefault() }}>
      {heading}
      <p className={styles.why}>{text.confirmText}</p>
      {problem && <Notice tone="danger" title={text.refused}>{problem}</Notice>}
      <Reason {...form.getInputProps('reason')} />
      <TextInput
        label={text.idType} description={text.idTypeHint(contact.id)} required withAsterisk={false} autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={60}
        {...form.getInputProps('confirm')}
      />
      <div className={forms.foot}>
        <Button variant="default" disabled={isPending} onClick={back}>{text.back}</Button>
        <Button type="button" color="danger" loading={isPending} onClick={erase}>{text.erase(contact.name)}</Button>
      </div>
    </form>
  )
}
