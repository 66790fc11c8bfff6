# reasoning-gym
install reasoning-gym==0.1.25
python scripts/interop/reasoning_gym_check.py "$PLACE/work"
