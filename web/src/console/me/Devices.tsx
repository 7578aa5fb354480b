import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { IconDeviceDesktop, IconDeviceMobile, IconLogout } from '@tabler/icons-react'
import { useState } from 'react'
import { api, sentence, type Session, take } from '~/api'
import { Failed, Tag, toast } from '~/look'
import { ago, date, device, moment } from '../format'
import forms from '../forms/Forms.module.css'
import { Bones, Confirm } from '../forms/parts'
import { useNow } from '../now'
import { signOut } from '../shell/Shell'
import styles from './Account.module.css'
import { words } from './words'

const w = words.devices

/** Where the person is signed in, here and in other workspaces of the account. */
export function Devices() {
  const client = useQueryClient()
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['sessions'], queryFn: () => take(api.GET('/api/v1/me/sessions')) })
  const [ending, setEnding] = useState<Session | 'others'>()
  if (isPending) return <Bones />
  if (!data) return <Failed text={`${w.failed} ${sentence(error)}`} again={() => void refetch()} />
  const items = [...(data.items ?? [])].sort((a, b) => Number(b.current) - Number(a.current) || b.seen_at.localeCompare(a.seen_at))
  const again = () => void client.invalidateQueries({ queryKey: ['sessions'] })
  const close = () => { setEnding(undefined) }
  return (
    <div className={forms.stack}>
      <ul className={styles.list} aria-label={w.list}>
        {items.map((one) => <Row key={one.id} one={one} end={() => { setEnding(one) }} />)}
      </ul>
      {items.length > 1 && (
        <div><Button variant="default" leftSection={<IconLogout size={16} aria-hidden />} onClick={() => { setEnding('others') }}>{w.endOthers}</Button></div>
      )}
      {ending === 'others' && (
        <Confirm danger title={w.endOthersTitle} text={w.endOthersText} yes={w.endOthers} close={close}
          act={() => take(api.POST('/api/v1/me/sessions/end-others'))} done={() => { toast(w.endedOthers); again() }} />
      )}
      {ending && ending !== 'others' && (
        <Confirm danger title={w.endTitle(device(ending.device))} text={w.endText} yes={w.end} close={close}
          act={() => take(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id: ending.id } } }))}
          done={() => { toast(w.ended(device(ending.device))); again() }} />
      )}
    </div>
  )
}

function Row({ one, end }: { one: Session; end: () => void }) {
  const now = useNow()
  const name = device(one.device) || w.unknown
  const by = w.by[one.factor] ?? w.by['']
  return (
    <li className={styles.wraps}>
      <span className={styles.mark} aria-hidden>{/iPhone|iPad|Android/.test(one.device) ? <IconDeviceMobile size={20} /> : <IconDeviceDesktop size={20} />}</span>
      <div className={forms.grow}>
        <strong>{name} {one.current && <Tag tone="good">{w.current}</Tag>} {one.trusted_until && <Tag tone="info">{w.trusted(date(one.trusted_until))}</Tag>}</strong>
        <span className={styles.small}>
          {!one.here && <>{one.workspace}. </>}{one.address}. {one.current ? w.now : <time dateTime={one.seen_at} title={moment(one.seen_at)}>{w.seen(ago(one.seen_at, now))}</time>} {w.since(date(one.created_at), by ?? '')}
        </span>
      </div>
      {one.current
        ? <Button variant="default" size="xs" onClick={() => void signOut()}>{words.signOut}</Button>
        : <Button variant="default" size="xs" aria-label={w.endOf(name)} onClick={end}>{w.end}</Button>}
    </li>
  )
}
