export { finish as default } from './jest-setup.ts';
