/** The foreign-function library, loaded only by what opens devices and passes descriptors: import this module lazily. */
import koffi from 'koffi';

export default koffi;
