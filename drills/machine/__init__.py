"""A virtual machine of Debian's packages, for harm to hardware and kernel objects that no namespace has."""
