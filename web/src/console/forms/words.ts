export const words = {
  loading: 'Loading',
  cancel: 'Cancel',
  copy: 'Copy',
  copied: 'Copied.',
  copyFailed: 'Copying did not work. Select the text and copy it by hand.',
}
