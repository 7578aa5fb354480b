import { Button, PasswordInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Me, take } from '~/api'
import { Notice, toast } from '~/look'
import { Strength } from '~/proof/Strength'
import { date } from '../format'
import forms from '../forms/Forms.module.css'
import { refuse } from '../forms/parts'
import styles from './Account.module.css'
import { words } from './words'

const usual = { min_length: 12, history: 0, max_age_days: 0 }

export function Password({ me }: { me: Me }) {
  const client = useQueryClient()
  const { data: rules = usual } = useQuery({ queryKey: ['password-rules'], queryFn: () => take(api.GET('/api/v1/me/password/rules')) })
  const [problem, setProblem] = useState<string>()
  const form = useForm({
    initialValues: { current: '', password: '', repeat: '' },
    validate: {
      password: (value) => (Array.from(value).length < rules.min_length ? words.short(rules.min_length) : null),
      repeat: (value, all) => (value === all.password ? null : words.differs),
    },
  })
  const { mutate, isPending } = useMutation({
    mutationFn: ({ current, password }: typeof form.values) => take(api.POST('/api/v1/me/password', { body: { current, password } })),
    onSuccess: () => {
      toast(words.changed)
      setProblem(undefined)
      form.reset()
      void client.invalidateQueries({ queryKey: ['sessions'] })
      return client.invalidateQueries({ queryKey: ['me'] })
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['current', 'password'])) },
  })
  const shared = { required: true, withAsterisk: false, visibilityToggleButtonProps: { 'aria-label': words.show } }
  return (
    <form className={`${forms.stack ?? ''} ${styles.narrow ?? ''}`} onSubmit={form.onSubmit((values) => { mutate(values) })}>
      <p className={forms.lead}>
        {me.password_changed_at && <>{words.changedOn(date(me.password_changed_at))} </>}
        {me.password_expires_at && words.expiresOn(date(me.password_expires_at))}
      </p>
      {problem && <Notice tone="danger">{problem}</Notice>}
      <input type="text" name="username" autoComplete="username" value={me.email} readOnly hidden />
      <PasswordInput label={words.current} autoComplete="current-password" {...shared} {...form.getInputProps('current')} />
      <PasswordInput label={words.fresh} description={words.rules(rules)} autoComplete="new-password" {...shared} {...form.getInputProps('password')} />
      <Strength password={form.values.password} min={rules.min_length} own={[me.name, me.email, me.workspace.company]} />
      <PasswordInput label={words.repeat} autoComplete="new-password" {...shared} {...form.getInputProps('repeat')} />
      <div><Button type="submit" loading={isPending}>{words.change}</Button></div>
    </form>
  )
}
