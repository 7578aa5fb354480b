import { Button, PasswordInput, SegmentedControl, Switch, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { IconKeyboard, IconLock, IconLogout, IconSunMoon, IconUser } from '@tabler/icons-react'
import { useEffect, useId, useState } from 'react'
import { api, type Me, take } from '~/api'
import { Card, Field, Fields, Notice, Page, SchemeSwitch, toast } from '~/look'
import forms from '../forms/Forms.module.css'
import { refuse } from '../forms/parts'
import { type Preferences, setPreferences, usePreferences } from '../preferences'
import { useMe } from '../session'
import { signOut } from '../shell/Shell'
import styles from './Account.module.css'
import { words } from './words'

/** What belongs to the person who is signed in. */
export function Account() {
  const me = useMe()
  useEffect(() => { document.title = `${words.title} · ${me.workspace.company}` }, [me.workspace.company])
  return (
    <div className={styles.account}>
      <Page title={words.title} lead={words.lead(me.workspace.company, me.role)}>
        <Card icon={<IconUser size={20} />} title={words.profile} lead={words.profileLead}><Profile me={me} /></Card>
        <Card icon={<IconLock size={20} />} title={words.password} lead={words.passwordLead}><Password email={me.email} /></Card>
        <Card icon={<IconSunMoon size={20} />} title={words.look} lead={words.lookLead}><SchemeSwitch /></Card>
        <Keyboard />
        <Card
          icon={<IconLogout size={20} />}
          title={words.session}
          lead={words.sessionLead}
          control={<Button variant="default" onClick={() => void signOut()}>{words.signOut}</Button>}
        />
      </Page>
    </div>
  )
}

function Profile({ me }: { me: Me }) {
  const client = useQueryClient()
  const [problem, setProblem] = useState<string>()
  const form = useForm({ initialValues: { name: me.name } })
  const { mutate, isPending } = useMutation({
    mutationFn: (name: string) => take(api.PATCH('/api/v1/me', { body: { name: name.trim() } })),
    onSuccess: (_, name) => {
      toast(words.saved)
      setProblem(undefined)
      form.setInitialValues({ name: name.trim() })
      form.setValues({ name: name.trim() })
      return client.invalidateQueries({ queryKey: ['me'] })
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['name'])) },
  })
  return (
    <form className={forms.stack} onSubmit={form.onSubmit(({ name }) => { mutate(name) })}>
      {problem && <Notice tone="danger">{problem}</Notice>}
      <Fields><Field name={words.email}>{me.email}</Field></Fields>
      <div className={forms.addRow}>
        <TextInput className={forms.grow} label={words.name} required withAsterisk={false} autoComplete="name" maxLength={100} {...form.getInputProps('name')} />
        <Button type="submit" loading={isPending} disabled={!form.isDirty()}>{words.save}</Button>
      </div>
    </form>
  )
}

function Password({ email }: { email: string }) {
  const [problem, setProblem] = useState<string>()
  const form = useForm({
    initialValues: { current: '', password: '', repeat: '' },
    validate: {
      password: (value) => (Array.from(value).length < 12 ? words.short : null),
      repeat: (value, all) => (value === all.password ? null : words.differs),
    },
  })
  const { mutate, isPending } = useMutation({
    mutationFn: ({ current, password }: typeof form.values) => take(api.POST('/api/v1/me/password', { body: { current, password } })),
    onSuccess: () => {
      toast(words.changed)
      setProblem(undefined)
      form.reset()
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['current', 'password'])) },
  })
  const shared = { required: true, withAsterisk: false, visibilityToggleButtonProps: { 'aria-label': words.show } }
  return (
    <form className={`${forms.stack ?? ''} ${styles.narrow ?? ''}`} onSubmit={form.onSubmit((values) => { mutate(values) })}>
      {problem && <Notice tone="danger">{problem}</Notice>}
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <PasswordInput label={words.current} autoComplete="current-password" {...shared} {...form.getInputProps('current')} />
      <PasswordInput label={words.fresh} description={words.freshHint} autoComplete="new-password" {...shared} {...form.getInputProps('password')} />
      <PasswordInput label={words.repeat} autoComplete="new-password" {...shared} {...form.getInputProps('repeat')} />
      <div><Button type="submit" loading={isPending}>{words.change}</Button></div>
    </form>
  )
}

function Keyboard() {
  const { singleKeys, sendBy } = usePreferences()
  const label = useId()
  return (
    <Card icon={<IconKeyboard size={20} />} title={words.keyboard} lead={words.keyboardLead}>
      <div className={forms.stack}>
        <Switch
          label={words.singleKeys}
          description={words.singleKeysHint}
          checked={singleKeys}
          onChange={(event) => { setPreferences({ singleKeys: event.target.checked }) }}
        />
        <div className={styles.choice}>
          <span id={label}>{words.sendBy}</span>
          <SegmentedControl
            aria-labelledby={label}
            size="sm"
            value={sendBy}
            onChange={(value) => { setPreferences({ sendBy: value as Preferences['sendBy'] }) }}
            data={[{ value: 'ctrl', label: words.sendByCtrl }, { value: 'enter', label: words.sendByEnter }]}
          />
        </div>
      </div>
    </Card>
  )
}
