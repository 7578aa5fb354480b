import { Button, Modal, Radio, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Member, take } from '~/api'
import { Notice, toast } from '~/look'
import forms from '../forms/Forms.module.css'
import styles from './Admin.module.css'
import { refuse } from '../forms/parts'
import { addressOf, called } from './people'
import { words } from './words'

const text = words.staff

/** One radio a role, each with what it means. */
function Roles({ value, onChange, error }: { value: string; onChange: (role: string) => void; error?: React.ReactNode }) {
  const { data } = useQuery({ queryKey: ['roles'], queryFn: () => take(api.GET('/api/v1/roles')), staleTime: 300_000 })
  return (
    <Radio.Group label={text.role} value={value} onChange={onChange} error={error}>
      <div className={styles.roles}>
        {(data?.items ?? []).map((role) => (
          <Radio key={role.name} value={role.name} label={role.name} description={`${text.roleText[role.name] ?? ''} ${text.levels[role.level]}`.trim()} />
        ))}
      </div>
    </Radio.Group>
  )
}

export function Invite({ close, done }: { close: () => void; done: () => void }) {
  const [problem, setProblem] = useState<string>()
  const form = useForm({ initialValues: { email: '', name: '', role: 'Agent' } })
  const { mutate, isPending } = useMutation({
    mutationFn: ({ email, name, role }: typeof form.values) =>
      take(api.POST('/api/v1/staff', { body: { email: email.trim(), role, ...(name.trim() ? { name: name.trim() } : {}) } })),
    onSuccess: (member) => {
      toast(text.sent(addressOf(member)))
      close()
      done()
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['email', 'name', 'role'])) },
  })
  return (
    <Modal opened onClose={close} title={text.inviteTitle}>
      <form className={forms.stack} onSubmit={form.onSubmit((values) => { mutate(values) })}>
        <p className={forms.lead}>{text.inviteLead}</p>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <TextInput label={text.email} type="email" required withAsterisk={false} autoComplete="off" data-autofocus {...form.getInputProps('email')} />
        <TextInput label={text.displayName} description={text.displayNameHint} autoComplete="off" {...form.getInputProps('name')} />
        <Roles value={form.values.role} onChange={(role) => { form.setFieldValue('role', role) }} error={form.errors.role} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" loading={isPending}>{text.send}</Button>
        </div>
      </form>
    </Modal>
  )
}

export function ChangeRole({ member, close, done }: { member: Member; close: () => void; done: () => void }) {
  const name = called(member)
  const [role, setRole] = useState(member.role)
  const [problem, setProblem] = useState<string>()
  const { mutate, isPending } = useMutation({
    mutationFn: () => take(api.PATCH('/api/v1/staff/{id}', { params: { path: { id: member.id } }, body: { role } })),
    onSuccess: () => {
      toast(text.changed(name, role))
      close()
      done()
    },
    onError: (error) => { setProblem(refuse(error, () => undefined, [])) },
  })
  return (
    <Modal opened onClose={close} title={text.changeTitle(name)}>
      <form className={forms.stack} onSubmit={(event) => { event.preventDefault(); mutate() }}>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <Roles value={role} onChange={setRole} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" loading={isPending} disabled={role === member.role}>{words.save}</Button>
        </div>
      </form>
    </Modal>
  )
}

/** The lost factor of somebody: void in this workspace, with a reason that stays in the audit log. */
export function ResetFactor({ member, close, done }: { member: Member; close: () => void; done: () => void }) {
  const name = called(member)
  const [problem, setProblem] = useState<string>()
  const form = useForm({ initialValues: { reason: '' }, validate: { reason: (value) => (value.trim() === '' ? text.reasonMissing : null) } })
  const { mutate, isPending } = useMutation({
    mutationFn: ({ reason }: typeof form.values) => take(api.POST('/api/v1/staff/{id}/reset-factor', { params: { path: { id: member.id } }, body: { reason: reason.trim() } })),
    onSuccess: () => {
      toast(text.factorReset(name))
      close()
      done()
    },
    onError: (error) => { setProblem(refuse(error, form.setErrors, ['reason'])) },
  })
  return (
    <Modal opened onClose={close} title={text.resetFactorTitle(name)}>
      <form className={forms.stack} noValidate onSubmit={form.onSubmit((values) => { mutate(values) })}>
        <p className={forms.lead}>{text.resetFactorText(name)}</p>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <Textarea label={text.reason} description={text.reasonHint} required withAsterisk={false} autosize minRows={2} maxRows={5} maxLength={200} data-autofocus {...form.getInputProps('reason')} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" color="danger" loading={isPending}>{text.resetFactor}</Button>
        </div>
      </form>
    </Modal>
  )
}
