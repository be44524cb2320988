import { BlockList, isIP } from 'node:net';
import { SluiceError } from '../errors.ts';

/**
 * Whether an address is in the network `cidr`, such as `10.0.0.0/8`. A host name is in none, and neither is an address
 * of the other IP version. @throws SluiceError OPTION_INVALID
 */
export function inNetwork(cidr: string, address: string | undefined): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const family = isIP(network);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    throw new SluiceError('OPTION_INVALID', `cidr must be a network such as 10.0.0.0/8, not ${cidr}`);
  }
  if (address === undefined || isIP(address) !== family) return false;
  const networks = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  networks.addSubnet(network, Number(bits), type);
  return networks.check(address, type);
}
