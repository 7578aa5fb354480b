import { Button, NativeSelect, Switch, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Me, Problem, sentence, take } from '~/api'
import { Field, Fields, Notice, toast } from '~/look'
import { language } from '../format'
import forms from '../forms/Forms.module.css'
import { refuse } from '../forms/parts'
import styles from './Account.module.css'
import { words } from './words'

interface Change { name?: string; language?: string; notify_new_device?: boolean }

/** Changes one thing about the person. */
function useChange(done?: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: Change) => take(api.PATCH('/api/v1/me', { body: change })),
    onSuccess: () => {
      toast(words.saved)
      done?.()
      return client.invalidateQueries({ queryKey: ['me'] })
    },
  })
}

export function Profile({ me }: { me: Me }) {
  const [problem, setProblem] = useState<string>()
  const form = useForm({ initialValues: { name: me.name } })
  const { mutate, isPending } = useChange()
  const languages = me.languages ?? []
  const save = (name: string) => {
    mutate({ name: name.trim() }, {
      onSuccess: () => {
        setProblem(undefined)
        form.setInitialValues({ name: name.trim() })
        form.setValues({ name: name.trim() })
      },
      onError: (error) => { setProblem(refuse(error, form.setErrors, ['name'])) },
    })
  }
  return (
    <div className={forms.stack}>
      <form className={forms.stack} onSubmit={form.onSubmit(({ name }) => { save(name) })}>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <Fields><Field name={words.email}>{me.email}</Field></Fields>
        <div className={forms.addRow}>
          <TextInput className={forms.grow} label={words.name} required withAsterisk={false} autoComplete="name" maxLength={100} {...form.getInputProps('name')} />
          <Button type="submit" loading={isPending} disabled={!form.isDirty()}>{words.save}</Button>
        </div>
      </form>
      {languages.length > 0 && <Language now={me.language ?? languages[0] ?? 'en'} all={languages} />}
    </div>
  )
}

function Language({ now, all }: { now: string; all: readonly string[] }) {
  const { mutate, isPending, error } = useChange()
  return (
    <NativeSelect
      className={styles.narrow} label={words.language} description={words.languageHint} value={now} aria-busy={isPending} error={error ? sentence(error) : undefined}
      data={all.map((tag) => ({ value: tag, label: language(tag) }))}
      onChange={(event) => { if (!isPending) mutate({ language: event.currentTarget.value }) }}
    />
  )
}

/** Which security events are told by mail. Only one of them can be switched off. */
export function Mails({ me }: { me: Me }) {
  const { mutate, isPending, error } = useChange()
  return (
    <div className={forms.stack}>
      {error && !(error instanceof Problem && error.unproved) && <Notice tone="danger">{sentence(error)}</Notice>}
      <Switch
        label={words.newDevice} description={words.newDeviceHint} checked={me.notify_new_device ?? true} aria-busy={isPending}
        onChange={(event) => { if (!isPending) mutate({ notify_new_device: event.currentTarget.checked }) }}
      />
      <p className={forms.lead}>{words.always}</p>
    </div>
  )
}
