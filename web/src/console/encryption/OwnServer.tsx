import { Button, Modal, NumberInput, PasswordInput, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useForm, type UseFormReturnType } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { IconServerBolt } from '@tabler/icons-react'
import { useEffect, useId, useRef, useState } from 'react'
import { api, type Encryption, Problem, sentence, take } from '~/api'
import { Card, Notice, Tag, toast } from '~/look'
import { useFocusBack } from '../forms/focus'
import { refuse } from '../forms/parts'
import forms from '../forms/Forms.module.css'
import security from '../security/Security.module.css'
import { may, useMe } from '../session'
import { asSettings, formOf, keeps, type ServerForm, serverOf, usePutEncryption } from './data'
import { Reason } from './Encryption'
import styles from './Encryption.module.css'
import { words } from './words'

const w = words.server
type Form = UseFormReturnType<ServerForm>

/** The workspace's own key server: how it stands, the form behind it, and what it means to have one. */
export function OwnServer({ data }: { data: Encryption }) {
  const edit = may(useMe(), 'keys.server')
  const [open, setOpen] = useState(false)
  const [stopping, setStopping] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const before = useRef(open)
  useEffect(() => { // the control that was pressed is gone, so that the focus would be nowhere
    if (before.current !== open) root.current?.querySelector<HTMLElement>(open ? 'form input' : 'button')?.focus()
    before.current = open
  }, [open])
  const { server } = data
  return (
    <div ref={root}>
      <Card
        icon={<IconServerBolt size={20} />} title={w.title} lead={w.lead} tag={<Tag tone={server ? 'good' : 'plain'}>{server ? w.inUse : w.none}</Tag>}
        control={edit && !open ? (
          <div className={styles.buttons}>
            {server && <Button variant="default" onClick={() => { setStopping(true) }}>{w.stop}</Button>}
            <Button variant="default" aria-label={`${server ? words.change : w.setUp}: ${w.title}`} onClick={() => { setOpen(true) }}>{server ? words.change : w.setUp}</Button>
          </div>
        ) : undefined}
      >
        {open ? <ServerEdit data={data} close={() => { setOpen(false) }} /> : server ? <Facts data={data} /> : undefined}
      </Card>
      {stopping && <Stop data={data} close={() => { setStopping(false) }} />}
    </div>
  )
}

function Facts({ data }: { data: Encryption }) {
  const { server } = data
  if (!server) return null
  const facts = [
    [w.address, server.address], ...(server.namespace ? [[w.namespace, server.namespace]] : []), [w.mount, server.mount], [w.key, server.key],
    [w.signIn, server.certificate ? w.ways.certificate : `${w.ways.role} ${server.role_id ?? ''}`],
  ]
  return (
    <>
      <dl className={security.facts}>{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <div className={styles.under}><Effects grace={data.grace_seconds} /></div>
    </>
  )
}

/** What away and withdrawn do, in two sentences each. */
function Effects({ grace }: { grace: number }) {
  return (
    <dl className={styles.effects}>
      <div><dt>{w.awayTerm}</dt><dd>{w.away(words.span(grace))}</dd></div>
      <div><dt>{w.withdrawnTerm}</dt><dd>{w.withdrawn}</dd></div>
    </dl>
  )
}

const fields = ['address', 'namespace', 'mount', 'key', 'ca', 'auth_mount', 'role_id', 'secret_id', 'certificate', 'certificate_key'] as const

function validate(data: Encryption, form: ServerForm): Partial<Record<keyof ServerForm, string>> {
  const secret = form.way === 'role' ? form.secret_id : form.certificate_key
  const wanted = ['address', 'mount', 'key', form.way === 'role' ? 'role_id' : 'certificate'] as const
  return {
    ...Object.fromEntries(wanted.filter((name) => form[name].trim() === '').map((name) => [name, w.needed])),
    ...(secret === '' && !keeps(data.server, form) ? { [form.way === 'role' ? 'secret_id' : 'certificate_key']: w.needed } : {}),
    ...(form.grace === '' || form.grace < 0 || form.grace > 1_440 ? { grace: w.graceWrong } : {}),
  }
}

function ServerEdit({ data, close }: { data: Encryption; close: () => void }) {
  const form = useForm<ServerForm>({ initialValues: formOf(data), validate: (values) => validate(data, values) })
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<string>()
  const [confirming, setConfirming] = useState(false)
  const put = usePutEncryption()
  const body = () => ({ ...asSettings(data), server: serverOf(form.values), grace_seconds: Math.round(60 * Number(form.values.grace)) })
  const test = useMutation({ mutationFn: () => take(api.POST('/api/v1/encryption/test', { body: body() })), onError: (error) => { setProblem(placed(error, form)) } })
  const save = useMutation({
    mutationFn: () => take(api.PUT('/api/v1/encryption', { body: { ...body(), reason: reason.trim() } })),
    onSuccess: (now) => { put(now); toast(w.saved); close() },
    onError: (error) => {
      setConfirming(false)
      setProblem(placed(error, form))
    },
  })
  const checked = (then: () => void) => () => {
    setProblem(undefined)
    test.reset()
    if (!form.validate().hasErrors) then()
  }
  return (
    <form className={styles.form} noValidate aria-label={w.title} onSubmit={(event) => { event.preventDefault(); checked(() => { setConfirming(true) })() }}>
      <ServerFields form={form} kept={keeps(data.server, form.values)} had={data.server !== undefined} />
      <Reason value={reason} set={setReason} />
      <div aria-live="polite">
        {test.isSuccess && <Notice tone="good" title={w.testedTitle}>{w.tested}</Notice>}
        {problem && <Notice tone="danger" title={test.isError ? w.failedTitle : undefined}>{problem}</Notice>}
      </div>
      <div className={styles.foot}>
        <Button variant="default" loading={test.isPending} onClick={checked(() => { test.mutate() })}>{w.test}</Button>
        <Button variant="default" onClick={close}>{words.cancel}</Button>
        <Button type="submit">{words.save}</Button>
      </div>
      {confirming && (
        <Modal opened onClose={() => { setConfirming(false) }} title={data.server ? w.confirmAgain : w.confirmTitle}>
          <div className={forms.stack}>
            <p className={styles.text}>{w.confirmText}</p>
            <Effects grace={Math.round(60 * Number(form.values.grace))} />
          </div>
          <div className={forms.foot}>
            <Button variant="default" data-autofocus onClick={() => { setConfirming(false) }}>{words.cancel}</Button>
            <Button loading={save.isPending} onClick={() => { save.mutate() }}>{w.yes}</Button>
          </div>
        </Modal>
      )}
    </form>
  )
}

/** The API names fields as "server.address"; the form has them without. */
function placed(error: unknown, form: Form): string | undefined {
  const shown = (errors: Record<string, string>) => {
    form.setErrors(Object.fromEntries(Object.entries(errors).map(([name, text]) => [name === 'grace_seconds' ? 'grace' : name.replace(/^server\./, ''), text])))
  }
  return refuse(error, shown, [...fields.map((name) => `server.${name}`), 'grace_seconds'])
}

function ServerFields({ form, kept, had }: { form: Form; kept: boolean; had: boolean }) {
  const way = useId()
  const below = { inputWrapperOrder: ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[] }
  const plain = { autoComplete: 'off', spellCheck: false, required: true, withAsterisk: false, ...below }
  const pem = { autosize: true, minRows: 3, maxRows: 8, spellCheck: false, className: styles.pem, ...below }
  const role = form.values.way === 'role'
  const secret = kept ? w.stored : had ? w.again : undefined
  return (
    <>
      <div className={styles.pair}>
        <TextInput label={w.address} description={w.addressHint} inputMode="url" maxLength={500} {...plain} {...form.getInputProps('address')} />
        <TextInput label={w.namespace} {...plain} required={false} maxLength={200} {...form.getInputProps('namespace')} />
        <TextInput label={w.mount} description={w.mountHint} maxLength={200} {...plain} {...form.getInputProps('mount')} />
        <TextInput label={w.key} description={w.keyHint} maxLength={200} {...plain} {...form.getInputProps('key')} />
      </div>
      <Textarea label={w.ca} description={w.caHint} maxLength={32_768} {...pem} {...form.getInputProps('ca')} />
      <div>
        <span className={security.label} id={way}>{w.signIn}</span>
        <SegmentedControl aria-labelledby={way} data={Object.entries(w.ways).map(([value, label]) => ({ value, label }))} {...form.getInputProps('way')} />
      </div>
      <div className={styles.pair}>
        {role && <TextInput label={w.role} maxLength={500} {...plain} {...form.getInputProps('role_id')} />}
        {role && (
          <PasswordInput
            label={w.secret} description={secret ?? w.secretHint} maxLength={500} {...plain} autoComplete="new-password" required={!kept}
            visibilityToggleButtonProps={{ 'aria-label': w.show }} {...form.getInputProps('secret_id')}
          />
        )}
        <TextInput label={w.authMount} description={w.authMountHint[role ? 'role' : 'certificate']} maxLength={200} {...plain} required={false} {...form.getInputProps('auth_mount')} />
        <NumberInput label={w.grace} description={w.graceHint} {...below} allowNegative={false} clampBehavior="none" min={0} {...form.getInputProps('grace')} />
      </div>
      {!role && (
        <div className={styles.pair}>
          <Textarea label={w.certificate} description={w.certificateHint} maxLength={32_768} {...pem} {...form.getInputProps('certificate')} />
          <Textarea label={w.certificateKey} description={secret ?? w.certificateKeyHint} maxLength={32_768} {...pem} autoComplete="off" {...form.getInputProps('certificate_key')} />
        </div>
      )}
    </>
  )
}

function Stop({ data, close }: { data: Encryption; close: () => void }) {
  useFocusBack()
  const put = usePutEncryption()
  const [reason, setReason] = useState('')
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => take(api.PUT('/api/v1/encryption', { body: { grace_seconds: data.grace_seconds, rotate_days: data.rotate_days, reason: reason.trim() } })),
    onSuccess: (now) => { put(now); toast(w.stopped); close() },
  })
  return (
    <Modal opened onClose={close} title={w.stopTitle}>
      <div className={forms.stack}>
        <p className={styles.text}>{w.stopText}</p>
        {error && !(error instanceof Problem && error.unproved) && <Notice tone="danger">{sentence(error)}</Notice>}
        <Reason value={reason} set={setReason} focus />
      </div>
      <div className={forms.foot}>
        <Button variant="default" onClick={close}>{words.cancel}</Button>
        <Button color="danger" loading={isPending} onClick={() => { mutate() }}>{w.stop}</Button>
      </div>
    </Modal>
  )
}
